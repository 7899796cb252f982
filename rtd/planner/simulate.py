"""The planner on a virtual clock: what would happen between two moments."""

import heapq
from collections.abc import Iterator, Mapping
from typing import Final

from rtd.language.core.run_history import SUCCESS
from rtd.language.time.durations import SECOND
from rtd.model.manifest import TaskInfo
from rtd.planner.occurrence import Occurrence
from rtd.planner.planner import Planner

#: How long each run takes unless it is said.
RUN_US: Final = SECOND


def simulate(
    tasks: Mapping[str, TaskInfo],
    from_us: int,
    to_us: int,
    zone: str = "UTC",
    run_us: int = RUN_US,
    params: Mapping[str, object] | None = None,
) -> Iterator[Occurrence]:
    """The occurrences in [from, to), in order. Every run succeeds after `run_us`.

    A scheduler starts at `from`; no task has run before. `params` are those of the session.
    Conditions on the host are false; what a custom condition decides does not start.
    """
    planner = Planner(from_us, zone)
    planner.run_id_of = _plain_id
    planner.names.update(tasks)
    planner.set_params(params or {})
    for name, info in tasks.items():
        if info.starts_by_itself:
            planner.add(name, info.schedule)
            planner.tasks[name].enabled = info.schedule.enabled and info.incomplete_reason is None
    ends: list[tuple[int, str, str]] = []
    found = planner.begin(from_us)
    while True:
        for occurrence in found:
            yield occurrence
            if occurrence.makes_run:
                end_us = occurrence.start_us + max(run_us, 1000)
                heapq.heappush(ends, (end_us, occurrence.task, occurrence.run_id))
        wake_us = planner.next_wake()
        now_us = min(to_us if wake_us is None else wake_us, ends[0][0] if ends else to_us)
        if now_us >= to_us:
            return
        while ends and ends[0][0] <= now_us:
            end_us, task, run_id = heapq.heappop(ends)
            planner.record_end(task, SUCCESS, run_id, end_us)
        found = planner.advance(now_us)


def _plain_id(task: str, due_us: int) -> str:
    """An id for the planner's books alone: that of a real run takes longer to make."""
    return f"{task}|{due_us}"
