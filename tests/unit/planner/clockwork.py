"""A planner on a clock that a test moves."""

from datetime import UTC, datetime

from rtd.model.manifest import TaskInfo
from rtd.model.schedule import Schedule
from rtd.planner.occurrence import Occurrence
from rtd.planner.planner import Planner

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def at(text: str, day: int = 1) -> int:
    """A time of a day of January 2026, UTC microseconds."""
    hour, minute, *rest = (float(part) for part in text.split(":"))
    moment = datetime(2026, 1, day, int(hour), int(minute), tzinfo=UTC)
    return round(moment.timestamp()) * SECOND + round((rest[0] if rest else 0) * SECOND)


def infos(**schedules: str | Schedule) -> dict[str, TaskInfo]:
    """Tasks by name; a text is a start condition."""
    return {
        name: TaskInfo(name, schedule=Schedule(s) if isinstance(s, str) else s)
        for name, s in schedules.items()
    }


class Clockwork:
    """A planner whose tasks are given by name, begun at a moment.

    Args:
        now: as for `at`.
        alive: up to when an earlier scheduler decided, as for `at`.
    """

    def __init__(
        self, now: str | int, alive: str | int | None = None, **schedules: str | Schedule
    ) -> None:
        self.now = at(now) if isinstance(now, str) else now
        self.planner = Planner(self.now)
        for name, info in infos(**schedules).items():
            self.planner.views.names.add(name)
            if info.schedule.start is not None:
                self.planner.add(name, info.schedule)
                self.planner.views.names |= self.planner.tasks[name].condition.names()
        self.alive = at(alive) if isinstance(alive, str) else alive
        self.ends: list[tuple[int, Occurrence]] = []

    def begin(self, run_us: int | None = 1000) -> list[Occurrence]:
        """Look at every task for the first time; every run that starts succeeds after `run_us`
        (None: never ends)."""
        return self._note(self.planner.begin(self.now, self.alive), run_us)

    def go(self, until: str | int, run_us: int | None = 1000) -> list[Occurrence]:
        """Let time pass."""
        end = at(until) if isinstance(until, str) else until
        found: list[Occurrence] = []
        while True:
            wake = self.planner.next_wake()
            nexts = [at_us for at_us, _ in self.ends] + ([] if wake is None else [wake])
            self.now = max(self.now, min([end, *nexts]))
            for over in sorted(e for e in self.ends if e[0] <= self.now):
                self.ends.remove(over)
                self.planner.events.record_end(over[1].task, "success", over[1].run_id, over[0])
            found += self._note(self.planner.advance(self.now), run_us)
            wake = self.planner.next_wake()
            if self.now >= end and (wake is None or wake > end):
                return found

    def _note(self, found: list[Occurrence], run_us: int | None) -> list[Occurrence]:
        if run_us is not None:
            self.ends += [(one.start_us + run_us, one) for one in found if one.makes_run]
        return found


def told(found: list[Occurrence]) -> list[tuple[str, int, str]]:
    """Task, due moment and verdict of each."""
    return [(one.task, one.due_us, str(one.verdict)) for one in found]
