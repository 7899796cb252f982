"""What a look at an entry leads to: it starts, it is held, or it is to be looked at later."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from rtd.language.core.condition import Condition, Evaluation
from rtd.language.core.run_history import RUN
from rtd.language.time.durations import SECOND
from rtd.planner.dependency_index import DependencyIndex
from rtd.planner.entry import DISABLED, ONCE, PAUSED, RUNNING, ScheduledTask
from rtd.planner.occurrence import Occurrence, OccurrenceVerdict, occurrence_id
from rtd.planner.view_factory import ViewFactory
from rtd.planner.wake_heap import WakeHeap

#: A run that begins so long after its moment is late.
LATE_US: Final = SECOND
#: An entry is to be looked at when the planner next decides, not for an earlier moment.
NEXT_DECISION: Final = 0


class DueDecider:
    """The entries of a planner, and the decisions about them.

    Args:
        started_us: when the scheduler started, for conditions that ask.
        zone: IANA name of the local time of tasks that name none.
        env: of the daemon.
        read: makes the condition of a text.

    Attributes:
        past: what is remembered of runs; told by `started`, `ended` and `past` itself.
        now_us: the moment up to which everything has been decided.
        paused: nothing starts.
        names: of all tasks that exist.
        wakes: when the clock alone may start something.
        run_id_of: names the run of a task's due moment.
        dirty: who is to be looked at, and for which moment (`NOW`: the next one).
    """

    def __init__(
        self, started_us: int, zone: str, env: Mapping[str, str], read: Callable[[str], Condition]
    ) -> None:
        self.now_us = started_us
        self.paused = False
        self.tasks: dict[str, ScheduledTask] = {}
        self.wakes = WakeHeap()
        self.dirty: dict[ScheduledTask, int] = {}
        self._read = read
        self._views = ViewFactory(started_us, zone, env)
        self._index = DependencyIndex()
        self._started: dict[ScheduledTask, int] = {}
        self.run_id_of = occurrence_id
        self.history, self.names = self._views.history, self._views.names

    def _touch(self, task: str, action: str, at_us: int) -> None:
        entry = self.tasks.get(task)
        if entry is not None:
            self.dirty[entry] = at_us
            entry.prediction = None
        for entry in self._index.dependents(task, action):
            self.dirty[entry] = at_us
            entry.prediction = None

    def _touch_all(self, entries: Iterable[ScheduledTask]) -> None:
        for entry in entries:
            self.dirty.setdefault(entry, NEXT_DECISION)
            entry.prediction = None

    def _decide(self, entry: ScheduledTask, at_us: int, found: list[Occurrence]) -> None:
        """Ask a condition, and start its task if that is what it says."""
        if entry in self._started:
            self._evaluate_started()
        if entry.backlog and self.hold_reason(entry) is None:
            due_us, why = entry.backlog.pop(0)
            late = Occurrence(entry.name, due_us, OccurrenceVerdict.LATE, why, self.now_us)
            found.append(self._start(entry, late))
            return
        ahead, entry.prediction = entry.prediction, None
        if ahead is not None and ahead.at_us == at_us:
            value, until_us = ahead.value, ahead.until_us
        else:
            value, until_us = self.evaluate(entry, at_us)
        if not value:
            if entry.due_us is not None and entry.newly_true and entry.skip_reason:
                found.append(
                    Occurrence(
                        entry.name, entry.due_us, OccurrenceVerdict.SKIPPED, entry.skip_reason
                    )
                )
            entry.due_us, entry.skip_reason = None, ""
        else:
            if entry.due_us is None:
                entry.due_us, entry.newly_true = at_us, True
            hold = self.hold_reason(entry)
            if hold is None:
                found.append(self._start(entry, self._occurrence(entry, at_us)))
                return
            entry.skip_reason = hold
        self.wakes.set(entry, until_us)

    def evaluate(self, entry: ScheduledTask, at_us: int) -> Evaluation:
        """What a condition says at a moment, and until when."""
        view = self._views.move(entry, at_us)
        if entry.custom_ids:
            return self._views.customs.evaluate(entry, view, self._block_reason(entry) is not None)
        return entry.condition.evaluate(view)

    def hold_reason(self, entry: ScheduledTask) -> str | None:
        """What keeps a task from starting though its condition is true."""
        blocked = self._block_reason(entry)
        if blocked is not None or not entry.overlap:
            return blocked
        return None if entry.newly_true or entry.backlog else ONCE

    def _block_reason(self, entry: ScheduledTask) -> str | None:
        """What keeps a task from starting whatever its condition says."""
        if self.paused:
            return PAUSED
        if not entry.enabled:
            return DISABLED
        return RUNNING if not entry.overlap and self.history.active_runs(entry.name) else None

    def _occurrence(self, entry: ScheduledTask, at_us: int) -> Occurrence:
        assert entry.due_us is not None
        due_us = entry.due_us if entry.newly_true else at_us
        due_us = max(due_us, entry.last_us + 1)
        held = entry.skip_reason if entry.newly_true else ""
        start_us = max(due_us, at_us)
        if max(start_us, self.now_us) - due_us <= LATE_US:
            return Occurrence(entry.name, due_us, OccurrenceVerdict.RAN, held, start_us)
        return Occurrence(
            entry.name, due_us, OccurrenceVerdict.LATE, held or "it was late", start_us
        )

    def _start(self, entry: ScheduledTask, fired: Occurrence) -> Occurrence:
        fired = fired._replace(run_id=self.run_id_of(entry.name, fired.due_us))
        entry.last_us = max(entry.last_us, fired.due_us)
        entry.due_us, entry.skip_reason = None, ""
        self.history.record_start(entry.name, fired.run_id, fired.start_us)
        if entry.custom_ids:
            self._views.customs.mark_used(entry)
        for other in self._index.dependents(entry.name, RUN):
            self.dirty[other] = fired.start_us
            other.prediction = None
        self._started[entry] = fired.start_us
        return fired

    def _evaluate_started(self) -> None:
        """What the conditions of those that were started say since; after all were started, for
        they are not to wait for it."""
        started, self._started = self._started, {}
        for entry, start_us in started.items():
            value, until_us = self.evaluate(entry, start_us)
            if value:
                entry.due_us, entry.newly_true = start_us, False
            if entry.backlog and entry.overlap:
                self.dirty[entry] = start_us
            self.wakes.set(entry, until_us)
