"""The planner: which tasks start now, and when to look again. No clock, no I/O.

Cost follows what changes: a task is decided when time may have changed its condition (a heap of
those moments), or after an event that its condition names (an index). Nothing else is done,
however many tasks there are.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from rtd.language.core.condition import Condition
from rtd.language.core.durations import SECOND
from rtd.language.core.time_zones import NEVER
from rtd.language.parser import parse
from rtd.language.three_valued import custom_ids
from rtd.model.schedule import Schedule, read_catch_up
from rtd.planner.agenda import Agenda
from rtd.planner.decider import StartDecider
from rtd.planner.dependency_index import DependencyIndex
from rtd.planner.event_intake import EventIntake
from rtd.planner.misfires import resolve_misfires
from rtd.planner.occurrence import Occurrence, occurrence_id
from rtd.planner.scheduled_task import ScheduledTask
from rtd.planner.view_factory import ViewFactory

#: So many times in one turn tasks that have started may be due again; the rest has the next turn.
MAX_ROUNDS: Final = 1000
#: How often conditions are evaluated that change without an event (host, scheduler's cycles).
POLL_US: Final = 5 * SECOND


class Planner:
    """All scheduled tasks of one app.

    Args:
        started_us: when the scheduler started, for conditions on that.
        zone: IANA name of the local time of tasks that name none.
        env: the environment of the daemon.
        parse_condition: makes a condition from its text.
        run_id_of: makes the id of the run for a task's due moment.

    Attributes:
        tasks: the tasks with a start condition, by name.
        views: what conditions see.
        history: the past runs; `events` records them once they have been restored.
        customs: the custom conditions and their values.
        index: which tasks an event concerns, and whose runs matter.
        agenda: which tasks are decided next.
        decider: decides for one task.
        events: takes what happens.
        now_us: the moment up to which everything has been decided.
    """

    def __init__(
        self,
        started_us: int,
        zone: str = "UTC",
        env: Mapping[str, str] = MappingProxyType({}),
        parse_condition: Callable[[str], Condition] = parse,
        run_id_of: Callable[[str, int], str] = occurrence_id,
    ) -> None:
        self.tasks: dict[str, ScheduledTask] = {}
        self.views = ViewFactory(started_us, zone, env)
        self.history = self.views.history
        self.customs = self.views.customs
        self.index = DependencyIndex()
        self.agenda = Agenda()
        self.decider = StartDecider(self.views, self.index, self.agenda, run_id_of)
        self.events = EventIntake(self.tasks, self.views, self.index, self.agenda)
        self.now_us = started_us
        self._parse_condition = parse_condition
        self._poll_us = NEVER

    # --- tasks

    def add(self, name: str, schedule: Schedule) -> None:
        """Add a task with a start condition, which has been parsed before without an error."""
        assert schedule.start is not None
        condition = self._parse_condition(schedule.start)
        zone = self.views.task_zone(schedule.timezone)
        catch_up = read_catch_up(schedule.catch_up)
        task = ScheduledTask(name, condition, zone, catch_up, bool(schedule.overlap))
        self.tasks[name] = task
        self.views.names.add(name)
        self.index.add(task)
        self.views.retain_windows(name, condition, zone)

    def add_end_condition(self, name: str, text: str, zone: str | None) -> None:
        """Add the end condition of a task; `views.view_of_run` is what it sees."""
        condition = self._parse_condition(text)
        self.index.add_end_condition(name, condition)
        self.views.retain_windows(name, condition, self.views.task_zone(zone))
        if customs := custom_ids(condition):
            self.index.watch_tasks([name])
            self.customs.add_end_condition(name, customs)

    def enable(self, name: str, enabled: bool) -> None:
        """Let a task start by its condition, or not."""
        task = self.tasks[name]
        task.enable(enabled)
        self.agenda.add([task])

    @property
    def paused(self) -> bool:
        """Return whether no task starts by its condition."""
        return self.decider.paused

    def pause(self, paused: bool) -> None:
        """Let no task start by its condition, or all again."""
        self.decider.paused = paused
        self.agenda.add(self.tasks.values())

    def needed_custom_ids(self) -> set[str]:
        """Return the custom conditions that decide something now."""
        tasks = self.customs.end_condition_tasks
        return self.customs.needed_ids([task for task in tasks if self.history.active_runs(task)])

    # --- time

    def begin(self, now_us: int, alive_us: int | None = None) -> list[Occurrence]:
        """Decide every task; all tasks and their history have been added.

        Args:
            alive_us: up to when an earlier scheduler had decided; due moments between it and
                now are misfires. None: there was none.
        """
        found: list[Occurrence] = []
        if alive_us is not None:
            found = self._resolve_misfires(
                self.tasks.values(), alive_us, now_us, "rtd was not running"
            )
        self.now_us = now_us
        self.agenda.decide_all(self.tasks.values(), now_us)
        if self.index.polled:
            self._poll_us = now_us + POLL_US
        return found + self.advance(now_us)

    def advance(self, now_us: int) -> list[Occurrence]:
        """Decide everything up to now. Time never goes back here; see `set_back`."""
        agenda = self.agenda
        self.now_us = now_us = max(now_us, self.now_us)
        self.views.view.scheduler_cycles += 1
        found: list[Occurrence] = []
        if self._poll_us <= now_us:
            self._poll_us = now_us + POLL_US
            agenda.add(self.index.polled, now_us)
        for _ in range(MAX_ROUNDS):
            found += self._decide_due(now_us)
            if not self.decider.evaluate_started():
                break
        agenda.compact(len(self.tasks))
        return found

    def _decide_due(self, now_us: int) -> list[Occurrence]:
        """Decide what is due up to now, and not later than one that started may be due again."""
        agenda, decider = self.agenda, self.decider
        found: list[Occurrence] = []
        while (first_us := agenda.first_us(now_us)) <= now_us and first_us <= decider.started_us:
            at_us, task = agenda.take()
            occurrence = decider.decide(task, at_us, now_us)
            if occurrence is not None:
                found.append(occurrence)
        return found

    def skip_gap(self, from_us: int, to_us: int, why: str) -> list[Occurrence]:
        """Go on after a gap in which nothing was decided: the clock was set forward, or the
        machine slept. What was due in it is a misfire."""
        late = [task for task in self.tasks.values() if task.wake_us <= to_us]
        found = self._resolve_misfires(late, from_us, to_us, why)
        self.now_us = to_us
        self.agenda.add(late, to_us)
        for task in late:
            self.agenda.set_wake(task, NEVER)
        return found + self.advance(to_us)

    def set_back(self, now_us: int) -> list[Occurrence]:
        """Go on after the clock was set back: what would lie in the future happened now.

        Due moments that come a second time start again here; they are the same occurrences,
        whose runs exist.
        """
        self.now_us = now_us
        self.history.set_back(now_us)
        self._poll_us = min(self._poll_us, now_us + POLL_US)
        self.agenda.clear(self.tasks.values())
        for task in self.tasks.values():
            task.set_back(now_us)
        self.agenda.decide_all(self.tasks.values(), now_us)
        return self.advance(now_us)

    def next_wake(self) -> int | None:
        """Return when `advance` is to be called at the latest; None: after the next event."""
        if self.agenda.has_changes:
            return self.now_us
        at_us = min(self.agenda.next_us(), self._poll_us)
        return None if at_us >= NEVER else at_us

    def _resolve_misfires(
        self, tasks: Iterable[ScheduledTask], from_us: int, to_us: int, why: str
    ) -> list[Occurrence]:
        found: list[Occurrence] = []
        for task in tasks:
            if task.enabled and not self.paused:
                since_us = max(from_us, task.served_since_us)
                found += resolve_misfires(task, self.views, since_us, to_us, why)
        return found
