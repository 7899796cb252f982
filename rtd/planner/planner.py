"""The planner: which task starts now, and when to look again. No clock, no I/O.

Cost follows what changes: a task is looked at when time may have changed its condition (a heap
of those moments), or after an event that its condition names (an index). Nothing else is done,
however many tasks there are.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from rtd.language.core.condition import ME, Condition
from rtd.language.core.run_history import RUN
from rtd.language.core.view import Answer, Host, Sample, View
from rtd.language.parser import parse
from rtd.language.three_valued import custom_ids
from rtd.language.time.durations import SECOND
from rtd.language.time.time_zones import NEVER
from rtd.model.schedule import Schedule, read_catch_up
from rtd.planner.decider import NEXT_DECISION
from rtd.planner.entry import ScheduledTask
from rtd.planner.event_intake import EventIntake
from rtd.planner.misfires import resolve_misfires
from rtd.planner.occurrence import Occurrence

#: Conditions on what nobody tells (the host, the scheduler's turns) are asked so often.
POLL_US: Final = 5 * SECOND


class Planner(EventIntake):
    """All scheduled tasks of one app; its arguments are those of `DueDecider`.

    Attributes:
        asks: tasks of which some condition of another one asks whether they are running or have
            started. Where it is told of that (`begun`), `past.asked` says so.
    """

    def __init__(
        self,
        started_us: int,
        zone: str = "UTC",
        env: Mapping[str, str] = MappingProxyType({}),
        read: Callable[[str], Condition] = parse,
    ) -> None:
        super().__init__(started_us, zone, env, read)
        self._poll_us = NEVER
        self.begin_tasks: set[str] = set()

    # --- tasks

    def add(self, name: str, schedule: Schedule) -> None:
        """A task with a start condition. Its condition has been read before, so it can be."""
        assert schedule.start is not None
        condition = self._read(schedule.start)
        zone = self._views.task_zone(schedule.timezone)
        catch_up = read_catch_up(schedule.catch_up)
        entry = ScheduledTask(name, condition, zone, catch_up, schedule.overlap)
        self.tasks[name] = entry
        self.names.add(name)
        self._index.add(entry)
        self.watch_begins(condition)
        self._views.retain_windows(name, condition, zone)

    @property
    def wants_host(self) -> bool:
        """Whether the host is to be measured before each turn (`set_host`)."""
        return self._index.wants_host

    def add_end_condition(self, name: str, text: str, zone: str | None) -> None:
        """A task with an end condition: whoever watches its runs asks by `view_of_run`."""
        condition = self._read(text)
        self._also.update(task or name for task in condition.depends())
        self.watch_begins(condition)
        self._views.retain_windows(name, condition, self._views.task_zone(zone))
        if texts := custom_ids(condition):
            self._also.add(name)
            self._views.customs.add_end_condition(name, texts)

    def watch_begins(self, condition: Condition) -> None:
        """It is to be known when the tasks begin of which this asks whether they have."""
        watches = condition.watches()
        self.begin_tasks.update(task for task, action in watches if action == RUN and task != ME)

    def watch_tasks(self, tasks: Iterable[str]) -> None:
        """The runs of these tasks matter, too."""
        self._also.update(tasks)

    def view_of_run(self, task: str, zone: str | None, now_us: int, sample: Sample) -> View:
        """How a run of a task sees a moment."""
        return self._views.view_of_run(task, zone, now_us, sample)

    def set_host(self, host: Host) -> None:
        """What was measured of the host."""
        self._views.set_host(host)

    def set_params(self, params: Mapping[str, object]) -> None:
        """The session's parameters, all of them: who asks for one is looked at again."""
        self._views.set_params(params)
        self._touch_all(self._index.of_params)

    def add_backlog(self, task: str, due_us: int, why: str) -> None:
        """A due moment that an earlier scheduler meant to make up for; in their order."""
        entry = self.tasks[task]
        entry.backlog = [*(entry.backlog or ()), (due_us, why)]
        entry.last_us = max(entry.last_us, due_us)

    # --- custom conditions

    def needed_custom_ids(self) -> set[str]:
        """The custom conditions that decide something now."""
        self._evaluate_started()
        asking = self._views.customs
        return asking.needed_ids(
            [task for task in asking.end_tasks if self.history.active_runs(task)]
        )

    def unknown_custom_ids(self, entry: ScheduledTask, now_us: int) -> dict[str, str]:
        """Those that decide for a task and have no answer; why, where asking failed."""
        return self._views.unknown_custom_ids(entry, now_us) if entry.custom_ids else {}

    def begin_evaluation(self) -> int:
        """They are being asked: the number of this asking."""
        self._views.customs.values.evaluation += 1
        return self._views.customs.values.evaluation

    # --- what happens

    def begin(self, now_us: int, alive_us: int | None = None) -> list[Occurrence]:
        """Everything has been added and remembered: look at every task.

        Args:
            alive_us: up to when an earlier scheduler had decided; due moments between it and
                now are judged by the catch-up policies. None: there was none.
        """
        found: list[Occurrence] = []
        if alive_us is not None:
            found = self._resolve_misfires(
                self.tasks.values(), alive_us, now_us, "rtd was not running"
            )
        self.now_us = now_us
        self.dirty = dict.fromkeys(self.tasks.values(), now_us)
        if self._index.polled:
            self._poll_us = now_us + POLL_US
        return found + self.advance(now_us)

    def advance(self, now_us: int) -> list[Occurrence]:
        """Decide everything up to now. Time never goes back here; see `set_back`."""
        self._evaluate_started()
        self.now_us = now_us = max(now_us, self.now_us)
        self._views.view.scheduler_cycles += 1
        found: list[Occurrence] = []
        if self._poll_us <= now_us:
            self._poll_us = now_us + POLL_US
            for entry in self._index.polled:
                self.dirty.setdefault(entry, now_us)
        while True:
            while self.dirty:
                dirty, self.dirty = self.dirty, {}
                for entry, at_us in dirty.items():
                    self._decide(entry, at_us or now_us, found)
            due = self.wakes.pop(now_us)
            if due is None:
                break
            self._decide(due[1], due[0], found)
        self.wakes.tidy(len(self.tasks))
        return found

    def skip_gap(self, from_us: int, to_us: int, why: str) -> list[Occurrence]:
        """Time went on without anybody looking (a clock set forward, a machine that slept)."""
        late = [entry for entry in self.tasks.values() if entry.wake_us <= to_us]
        found = self._resolve_misfires(late, from_us, to_us, why)
        self.now_us = to_us
        for entry in late:
            self.dirty.setdefault(entry, to_us)
            entry.wake_us = NEVER
        return found + self.advance(to_us)

    def set_back(self, now_us: int) -> list[Occurrence]:
        """The clock was set back: what would lie in the future counts as having happened now.

        Due moments that come a second time are fired again here; they are the same
        occurrences, whose runs exist.
        """
        self.now_us = now_us
        self.history.set_back(now_us)
        self._poll_us = min(self._poll_us, now_us + POLL_US)
        for entry in self.tasks.values():
            entry.last_us = min(entry.last_us, now_us - 1)
            entry.wake_us = NEVER
            if entry.due_us is not None:
                entry.due_us = min(entry.due_us, now_us)
        self.wakes.clear()
        self.dirty = dict.fromkeys(self.tasks.values(), now_us)
        return self.advance(now_us)

    def enable(self, task: str, enabled: bool) -> None:
        """Let a task start by its condition, or not."""
        entry = self.tasks[task]
        entry.enabled = enabled
        self.dirty.setdefault(entry, NEXT_DECISION)

    def pause(self, paused: bool) -> None:
        """Let no task start by its condition, or all again."""
        self.paused = paused
        self.dirty = {**dict.fromkeys(self.tasks.values(), NEXT_DECISION), **self.dirty}

    def next_wake(self) -> int | None:
        """When `advance` is to be called at the latest; None: after the next event."""
        self._evaluate_started()
        if self.dirty:
            return self.now_us
        at_us = min(self.wakes.next_us(), self._poll_us)
        return None if at_us >= NEVER else at_us

    def view_of(
        self,
        entry: ScheduledTask,
        now_us: int,
        answers: Mapping[str, Answer] = MappingProxyType({}),
    ) -> View:
        """How a task sees a moment, nobody having answered but tasks, and who gave these."""
        view = self._views.view_of(entry, now_us)
        if answers:
            custom = {**view.world.custom, **answers}
            view.world = dataclasses.replace(view.world, custom=custom)
        return view

    def view_to_explain(self, entry: ScheduledTask, now_us: int) -> View:
        """How a task sees a moment, with the latest answers."""
        return self._views.view_to_explain(entry, now_us)

    # --- what nobody fired

    def _resolve_misfires(
        self, entries: Iterable[ScheduledTask], from_us: int, to_us: int, why: str
    ) -> list[Occurrence]:
        found: list[Occurrence] = []
        for entry in entries:
            if entry.enabled and not self.paused:
                found += resolve_misfires(self, entry, max(from_us, entry.since_us), to_us, why)
        return found
