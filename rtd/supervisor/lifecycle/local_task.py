"""A local task of the app: what is declared, where it stands, and what `why` says."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgpack

from rtd.common.format_units import format_time
from rtd.model.app_info import LocalTaskInfo
from rtd.model.manifest import Manifest
from rtd.supervisor.explain.blocking_runs import make_hold


@dataclass(slots=True, eq=False)
class RunningLocalTask:
    """One declared local task, or one that is not wanted any more.

    Attributes:
        mark: tells whether the task itself has changed.
        run_id: the run that goes on; empty: none has been made yet.
        job: starts run after run; None: not begun.
        predecessors: runs whose end the first run waits for.
        is_failing: its last run ended soon, and `status` shows that as a fault.
        next_at: when its next run starts, while it waits for that; None: it does not wait.
    """

    info: LocalTaskInfo
    mark: bytes
    run_id: str = ""
    job: "asyncio.Task[Any] | None" = None
    predecessors: list[str] = field(default_factory=list)
    is_failing: bool = False
    next_at: float | None = None

    def is_same(self, other: "RunningLocalTask") -> bool:
        return self.info == other.info and self.mark == other.mark


def declared_local_tasks(manifest: Manifest) -> list[RunningLocalTask]:
    """Return the local tasks that an app declares; none of them has begun."""
    return [
        RunningLocalTask(info, _mark(manifest, info.task)) for info in manifest.info.local_tasks
    ]


def _mark(manifest: Manifest, task: str) -> bytes:
    """Return what changes with a task: its code and its definition, but not its place or text."""
    info = manifest.tasks.get(task)
    fields = {} if info is None else info.to_dict()
    fields.pop("source", None)
    fields.pop("doc", None)
    marked: bytes = msgpack.packb([fields, manifest.info.code.get(task)])
    return marked


def explain_local_task(tasks: Sequence[RunningLocalTask]) -> dict[str, Any]:
    """Return the fields of the answer of `why` about a task that is declared as a local task.

    Args:
        tasks: at least one: a task may be declared with several data.
    """
    waits = [one.next_at for one in tasks if one.next_at is not None]
    holds = [
        make_hold("running", f"its run {one.run_id} goes on", one.run_id)
        for one in tasks
        if one.run_id and one.next_at is None
    ]
    if not waits:
        return {
            "holds": holds,
            "next_text": "it is a local task: when its run ends, another starts",
        }
    next_at = min(waits)
    text = "it is a local task, and its last run ended soon"
    return {
        "holds": [*holds, make_hold("failing", text, until=next_at)],
        "next_at": next_at,
        "next_text": f"it starts again {format_time(next_at)}",
    }
