"""The planner on a virtual clock: what would happen between two moments."""

import heapq
from collections.abc import Iterator, Mapping
from typing import Final

from rtd.language.core.durations import SECOND
from rtd.language.core.run_history import SUCCESS
from rtd.model.manifest import TaskInfo
from rtd.planner.occurrence import Occurrence
from rtd.planner.planner import Planner

#: How long each run takes by default.
RUN_US: Final = SECOND


def simulate(
    tasks: Mapping[str, TaskInfo],
    from_us: int,
    to_us: int,
    zone: str = "UTC",
    run_us: int = RUN_US,
    params: Mapping[str, object] | None = None,
) -> Iterator[Occurrence]:
    """Yield the occurrences in [from, to), in order.

    A scheduler starts at `from`; no task has run before. Conditions on the host are false; a
    task that needs the value of a custom condition does not start.

    Args:
        tasks: all tasks of the app, by name.
        zone: IANA name of the local time of tasks that name none.
        run_us: every run succeeds after this time.
        params: those of the session.
    """
    planner = Planner(from_us, zone, run_id_of=_plain_id)
    planner.views.names.update(tasks)
    planner.events.set_params(params or {})
    for name, info in tasks.items():
        if info.starts_by_itself:
            planner.add(name, info.schedule)
            planner.enable(name, info.schedule.enabled and info.incomplete_reason is None)
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
            planner.events.record_end(task, SUCCESS, run_id, end_us)
        found = planner.advance(now_us)


def _plain_id(task: str, due_us: int) -> str:
    """Return an id for the planner alone: the id of a real run takes longer to make."""
    return f"{task}|{due_us}"
