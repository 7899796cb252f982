"""What a planner is told of the runs of its tasks, and of the answers to what it asked."""

from collections.abc import Callable, Iterable, Mapping

from rtd.language.core.condition import Condition
from rtd.language.core.run_history import RUN
from rtd.language.core.view import Answer
from rtd.planner.decider import NEXT_DECISION, DueDecider
from rtd.planner.occurrence import Occurrence, OccurrenceVerdict


class EventIntake(DueDecider):
    """A decider that is told what has happened, and looks again at whom it concerns.

    Its arguments are those of `DueDecider`.
    """

    def __init__(
        self, started_us: int, zone: str, env: Mapping[str, str], read: Callable[[str], Condition]
    ) -> None:
        super().__init__(started_us, zone, env, read)
        self._also: set[str] = set()

    @property
    def watched_tasks(self) -> set[str]:
        """The tasks whose events matter: those with conditions, and those that they name."""
        return self.tasks.keys() | self._index.named_tasks | self._also

    # --- runs

    def record_start(self, task: str, run_id: str, at_us: int) -> None:
        """A run that this planner did not fire has begun."""
        if self.history.record_start(task, run_id, at_us):
            self._touch(task, RUN, at_us)

    def record_begin(self, task: str, run_id: str, at_us: int) -> None:
        """An executor has a run of a task that conditions of others ask about."""
        self.history.record_start(task, run_id, at_us)  # a delayed one may not have been told of
        if self.history.record_begin(task, run_id, at_us):
            self._touch(task, RUN, at_us)

    def record_end(self, task: str, action: str, run_id: str, at_us: int) -> None:
        """A run has ended: `success`, `fail`, `terminate`, or `inaction`: it never began."""
        self.history.record_end(task, action, run_id, at_us)
        self._touch(task, action, at_us)

    def record_existing(self, task: str, run_id: str, at_us: int) -> None:
        """What was fired had run before: its due moment is used up."""
        self.history.record_existing(task, run_id, at_us)
        if task in self.tasks:
            self.dirty.setdefault(self.tasks[task], at_us)

    def take_over(self, decided: Iterable[Occurrence]) -> list[Occurrence]:
        """What a planner before this one has decided, and Redis may not have told. Gives those
        of which a run counts as going now."""
        watched = self.watched_tasks
        for one in decided:
            entry = self.tasks.get(one.task)
            if entry is not None:
                entry.last_us = max(entry.last_us, one.due_us)
                backlog = [owed for owed in entry.backlog or () if owed[0] != one.due_us]
                if one.verdict is OccurrenceVerdict.OWED:
                    backlog.append((one.due_us, one.reason))
                entry.backlog = sorted(backlog) or None
        runs = [one for one in decided if one.makes_run and one.task in watched]
        for one in runs:
            self.history.record_start(one.task, one.run_id, one.start_us)
        return runs

    def occupy(self, task: str, run_id: str, at_us: int) -> None:
        """Somebody is about to start a run: hold the task back as if it had begun."""
        self.history.occupy(task, run_id, at_us)

    def vacate(self, task: str, run_id: str) -> None:
        """That run, or one that was taken over, is not there after all."""
        self.history.vacate(task, run_id)
        if task in self.tasks:
            self.dirty.setdefault(self.tasks[task], NEXT_DECISION)

    # --- answers

    def record_custom_value(
        self, number: int, text: str, value: bool | None, why: str = ""
    ) -> None:
        """What an asking has found; None: it failed, and the condition decides nothing."""
        answer = None if value is None else Answer(value)
        self._views.customs.values.record(number, text, answer, why)
        self._touch_all(self._index.custom_dependents(text))

    def set_task_value(self, text: str, answer: Answer) -> None:
        """The value of a condition that a task tells, until there is another."""
        self._views.customs.values.set_task_value(text, answer)
        self._touch_all(self._index.custom_dependents(text))
