"""Custom conditions in the planner: their values, and which of them decide something now.

A value is used for a task only if it was evaluated after the task began to need it, and only for
one start; after that it is evaluated again. An unknown value is neither true nor false.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rtd.language.core.evaluation import Evaluation
from rtd.language.core.view import Answer, View
from rtd.language.three_valued import evaluate_partially
from rtd.planner.scheduled_task import ScheduledTask

#: In `CustomValues.since`: no value counts, or every value does.
_NO_VALUE: Final = 1 << 62
_ANY_VALUE: Final = -1


class CustomValues(Mapping[str, Answer]):
    """The latest values, of which only those count that are new enough.

    Attributes:
        task_values: the values that results of tasks give; they count always.
        since: values of this evaluation and earlier ones do not count.
        evaluation: the number of the latest evaluation.
        errors: why the latest evaluation of a condition failed.
    """

    __slots__ = ("_values", "errors", "evaluation", "since", "task_values")

    def __init__(self) -> None:
        self._values: dict[str, tuple[int, Answer]] = {}
        self.task_values: dict[str, Answer] = {}
        self.since = _NO_VALUE
        self.evaluation = 0
        self.errors: dict[str, str] = {}

    def __getitem__(self, custom: str) -> Answer:
        value = self.task_values.get(custom)
        if value is not None:
            return value
        evaluation, value = self._values[custom]
        if evaluation <= self.since:
            raise KeyError(custom)
        return value

    def __iter__(self) -> Iterator[str]:
        fresh = (custom for custom, (number, _) in self._values.items() if number > self.since)
        return iter({**dict.fromkeys(self.task_values), **dict.fromkeys(fresh)})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def counting_after(self, evaluation: int) -> dict[str, Answer]:
        """Return a copy of the values that are newer than an evaluation."""
        self.since = evaluation
        found = dict(self)
        self.since = _NO_VALUE
        return found

    def record(self, evaluation: int, custom: str, value: Answer | None, error: str = "") -> None:
        """Record a value; None: the evaluation failed."""
        if value is None:
            self._values.pop(custom, None)
            self.errors[custom] = error
        else:
            self._values[custom] = (evaluation, value)
            self.errors.pop(custom, None)

    def set_task_value(self, custom: str, value: Answer) -> None:
        """Set the value that a task's results give."""
        self.task_values[custom] = value


class CustomConditions:
    """Which custom conditions decide something now, and what is known of them.

    Attributes:
        values: their values.
        waiting: the tasks that need values, and of which conditions.
    """

    __slots__ = ("_end_conditions", "_running_since", "_used", "values", "waiting")

    def __init__(self) -> None:
        self.values = CustomValues()
        self.waiting: dict[ScheduledTask, frozenset[str]] = {}
        #: Of each task, the latest evaluation whose values do not count for it.
        self._used: dict[ScheduledTask, int] = {}
        self._end_conditions: dict[str, frozenset[str]] = {}
        self._running_since: dict[str, int] = {}

    def begin_evaluation(self) -> int:
        """Return the number of the evaluation that begins now."""
        self.values.evaluation += 1
        return self.values.evaluation

    def evaluate(self, task: ScheduledTask, view: View, held: bool) -> Evaluation:
        """Return whether a task's condition is certainly true, and until when that holds.

        Args:
            held: the task could not start for any value, so none is needed for it.
        """
        values = self.values
        values.since = _NO_VALUE
        without = evaluate_partially(task.condition, view)
        if held or without.value is not None:
            self.waiting.pop(task, None)
            self.mark_used(task)
            return without.value is True, without.until
        if task not in self.waiting:
            self.mark_used(task)  # older values were evaluated before the task needed them
        self.waiting[task] = without.unknown
        values.since = self._used[task]
        known = evaluate_partially(task.condition, view)
        values.since = _NO_VALUE
        return known.value is True, min(without.until, known.until)

    def mark_used(self, task: ScheduledTask) -> None:
        """Use up the values for a task: it has started, or does not need them."""
        self._used[task] = self.values.evaluation

    def add_end_condition(self, name: str, customs: frozenset[str]) -> None:
        """Evaluate these while runs of the task are active: its end condition names them."""
        self._end_conditions[name] = customs

    def end_condition_values(self, name: str) -> Mapping[str, Answer]:
        """Return the values for the end condition of a task: those evaluated since a run of it
        is active."""
        return self.values.counting_after(self._running_since.get(name, _NO_VALUE))

    def latest_values(self) -> dict[str, Answer]:
        """Return the latest values, used up or not."""
        return self.values.counting_after(_ANY_VALUE)

    def values_to_explain(self) -> dict[str, Answer]:
        """Return the latest values; a failed evaluation is false, with its error as the fact."""
        failed = {
            custom: Answer(False, f"its evaluation failed: {error}")
            for custom, error in self.values.errors.items()
        }
        return {**self.latest_values(), **failed}

    def needed_ids(self, running: Iterable[str]) -> set[str]:
        """Return the conditions to evaluate.

        Args:
            running: the tasks of `end_condition_tasks` that have active runs.
        """
        before, evaluation = self._running_since, self.values.evaluation
        self._running_since = {name: before.get(name, evaluation) for name in running}
        needed = {custom for customs in self.waiting.values() for custom in customs}
        needed.update(c for name in self._running_since for c in self._end_conditions[name])
        return needed.difference(self.values.task_values)

    @property
    def end_condition_tasks(self) -> Iterable[str]:
        """Return the tasks whose end conditions name custom conditions."""
        return self._end_conditions
