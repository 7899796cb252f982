"""The options of an executor, and the context that its parts share."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from rtd.model.lanes import Lane
from rtd.process.events.executor_signals import ExecutorSignals
from rtd.protocol.zygote_messages import LANE_SUFFIX_OPTION


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorOptions:
    """The options of one executor; durations in seconds, sizes in bytes.

    Attributes:
        store_url: Redis, as `store.url` reads it.
        namespace: the name that prefixes every key.
        node: its bell is rung when a run ends that a client or a task waits for.
        output_dir: where scratch files and segments go.
        concurrency: runs at once (thread, async and greenlet).
        max_runs: end after this many; 0: never.
        max_memory_bytes: end when resident memory is above this after a run; 0: never.
        idle_s: end after this long without work; 0: never.
        result_limit_bytes: a larger result is refused.
        run_limit_bytes: output of one run beyond this is dropped and counted.
        retention_s: how long records of finished runs live.
        history: most finished runs kept per task.
        stop_grace_s: for tasks without their own.
        generation: number of the zygote that this executor is forked from.
        allow_commands: False: it runs only tasks of the app, also if `command` is in the queue.
        lane_suffix: put behind the name of the lane whose runs it takes.
    """

    store_url: str
    namespace: str
    node: str
    output_dir: Path
    concurrency: int = 1
    max_runs: int = 0
    max_memory_bytes: int = 0
    idle_s: float = 0.0
    result_limit_bytes: int = 1 << 20
    run_limit_bytes: int = 64 << 20
    retention_s: float = 7 * 86400.0
    history: int = 100_000
    stop_grace_s: float = 10.0
    generation: int = 0
    allow_commands: bool = True
    lane_suffix: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ExecutorOptions":
        """Return the options as the supervisor sends them. Leaves out what is unknown, so that
        an older zygote understands a newer supervisor."""
        known = {f.name for f in fields(cls)}
        chosen = {k: v for k, v in data.items() if k in known}
        chosen["lane_suffix"] = data.get(LANE_SUFFIX_OPTION, "")
        chosen["output_dir"] = Path(chosen["output_dir"])
        return cls(**chosen)


class ExecutorContext(NamedTuple):
    """The common knowledge of the parts of one executor."""

    lane: Lane
    exec_id: str
    options: ExecutorOptions
    signals: ExecutorSignals
