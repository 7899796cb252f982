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
#: No run ends before this time.
_SHORTEST_US: Final = 1000


class MovingClock:
    """Moves a planner's clock, which stands still in between.

    Args:
        tasks: all tasks of the app, by name.
        at_us: when the scheduler starts; no task has run before.
        zone: IANA name of the local time of tasks that name none.
        run_us: every run succeeds after this time; None: runs end by `finish` alone.
        params: those of the session.

    Attributes:
        now_us: the moment up to which everything has been decided.
    """

    def __init__(
        self,
        tasks: Mapping[str, TaskInfo],
        at_us: int,
        zone: str,
        run_us: int | None,
        params: Mapping[str, object],
    ) -> None:
        self.now_us = at_us
        self._run_us = run_us
        self._ends: list[tuple[int, str, str, str]] = []
        self._has_begun = False
        self._planner = planner = Planner(at_us, zone, run_id_of=_plain_id)
        planner.views.names.update(tasks)
        planner.events.set_params(params)
        for name, info in tasks.items():
            if info.starts_by_itself:
                planner.add(name, info.schedule)
                planner.enable(name, info.schedule.enabled and info.incomplete_reason is None)

    def advance(self, to_us: int) -> Iterator[Occurrence]:
        """Yield the occurrences up to a moment and at it, in order."""
        planner = self._planner
        begin = planner.advance if self._has_begun else planner.begin
        self._has_begun = True
        yield from self._take(begin(self.now_us))
        while True:
            wake_us = planner.next_wake()
            moments = [] if wake_us is None else [wake_us]
            moments += [self._ends[0][0]] if self._ends else []
            if not moments or min(moments) > to_us:
                self.now_us = max(self.now_us, to_us)
                return
            self.now_us = max(self.now_us, min(moments))
            while self._ends and self._ends[0][0] <= self.now_us:
                self._end(*heapq.heappop(self._ends))
            yield from self._take(planner.advance(self.now_us))

    def _take(self, found: list[Occurrence]) -> Iterator[Occurrence]:
        for occurrence in found:
            yield occurrence
            if occurrence.makes_run and self._run_us is not None:
                end_us = occurrence.start_us + max(self._run_us, _SHORTEST_US)
                heapq.heappush(self._ends, (end_us, occurrence.task, occurrence.run_id, SUCCESS))

    def _end(self, at_us: int, task: str, run_id: str, action: str) -> None:
        planner = self._planner
        if run_id not in planner.history.active_runs(task):
            planner.events.record_start(task, run_id, at_us)
        planner.events.record_end(task, action, run_id, at_us)

    def finish(self, task: str, action: str, at_us: int) -> None:
        """Let the oldest active run of a task end, or one more that begins then.

        Args:
            action: as of `rtd.planner.event_intake.EventIntake.record_end`.
            at_us: when; not before now.
        """
        active = self._planner.history.active_runs(task)
        run_id = min(active, key=lambda one: active[one]) if active else _plain_id(task, at_us)
        self._ends = [end for end in self._ends if end[2] != run_id]
        heapq.heapify(self._ends)
        if at_us <= self.now_us:
            self._end(at_us, task, run_id, action)
        else:
            heapq.heappush(self._ends, (at_us, task, run_id, action))


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
    yield from MovingClock(tasks, from_us, zone, run_us, params or {}).advance(to_us - 1)


def _plain_id(task: str, due_us: int) -> str:
    """Return an id for the planner alone: the id of a real run takes longer to make."""
    return f"{task}|{due_us}"
