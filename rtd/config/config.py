"""The daemon's configuration as plain records.

`rtd.config.load_settings` reads it from files and flags.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rtd.model.lanes import LANES

MIB: Final = 1 << 20
#: The value of `redis` for a Redis that rtd starts itself.
EMBEDDED: Final = "embedded"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneConfig:
    """The settings of a lane: how many executors it has and how long they live.

    Attributes:
        min: executors kept even when idle.
        max: most executors at once.
        concurrency: runs at once within one executor (thread, async and greenlet).
        idle_s: an executor above the minimum that had no work this long ends.
        max_runs: an executor ends after this many runs; 0: never.
        max_memory_bytes: an executor whose resident memory is above this after a run ends;
            0: never.
    """

    min: int = 0
    max: int = 1
    concurrency: int = 1
    idle_s: float = 30.0
    max_runs: int = 0
    max_memory_bytes: int = 0


def default_lanes() -> dict[str, LaneConfig]:
    """Return the settings of all lanes, sized for this machine."""
    cores = os.cpu_count() or 1
    return {
        lane.name: LaneConfig(
            min=lane.min,
            max=max(lane.max, lane.max_per_core * cores),
            concurrency=lane.concurrency,
        )
        for lane in LANES
        if lane.configurable
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputConfig:
    """The limits of the output of runs.

    Attributes:
        quota_bytes: all output together; the oldest segments go first.
        run_limit_bytes: one run's output; beyond it is counted as lost.
        retention_s: output older than this goes.
    """

    quota_bytes: int = 1024 * MIB
    run_limit_bytes: int = 64 * MIB
    retention_s: float = 7 * 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLimits:
    """The largest values: a larger one is an error.

    Attributes:
        result_bytes: the value that a run returns.
        params_bytes: the parameters of one run.
        frame_bytes: one request or answer on the socket.
        targets: runs, tasks or queues that one request may name or submit, and runs that the
            requests of one connection may name at the same time.
    """

    result_bytes: int = MIB
    params_bytes: int = MIB
    frame_bytes: int = 16 * MIB
    targets: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of a daemon.

    Attributes:
        name: the namespace in Redis; nodes that share a Redis and a name share queues.
        node: this host's name among them.
        redis: `embedded` or a URL (`redis://`, `rediss://`, `unix://`).
        redis_server: the program to start as the embedded Redis: the absolute path of a
            `redis-server` or `valkey-server`; None: rtd chooses one.
        durability: `process` (killing Redis loses nothing acknowledged; a power cut about a
            second) or `always` (a power cut loses nothing).
        retention_s: how long the record of a finished run is kept.
        history: at most this many finished runs are kept per task.
        stop_grace_s: the grace of runs whose task sets none.
        condition_timeout_s: how long a custom condition may take to answer.
        group: group of the control socket; None: the daemon's own.
        allow_commands: whether clients may have any command run; False: only the app's tasks.
        middleware: dotted names of the app's middleware, the outermost first, as an app may have
            them itself: `["middleware.SleepMiddleware"]`.
        given: the settings that are not defaults, by their paths.
        places: where each of these was set, for errors.
    """

    name: str = "rtd"
    node: str = field(default_factory=lambda: os.uname().nodename)
    redis: str = EMBEDDED
    redis_server: str | None = None
    durability: str = "process"
    lanes: Mapping[str, LaneConfig] = field(default_factory=default_lanes)
    output: OutputConfig = field(default_factory=OutputConfig)
    limits: SizeLimits = field(default_factory=SizeLimits)
    retention_s: float = 7 * 86400.0
    history: int = 100_000
    stop_grace_s: float = 10.0
    condition_timeout_s: float = 5.0
    group: str | None = None
    allow_commands: bool = True
    middleware: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict, compare=False)

    def place_of(self, name: str) -> str:
        """Return a setting and where it was set, for an error: `rtd.toml: group`."""
        return f"{self.places[name]}: {name}" if name in self.places else name
