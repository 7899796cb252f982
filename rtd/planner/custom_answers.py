"""Custom conditions as the planner has them: their answers, and which are to be asked.

An answer counts for a task only if it was asked for since the condition began to matter to it, and
once: after a firing it is asked anew. What is not answered is neither true nor false.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rtd.language.core.condition import Evaluation
from rtd.language.core.view import Answer, View
from rtd.language.three_valued import evaluate_partially
from rtd.planner.entry import ScheduledTask

#: Above the number of any asking: no answer counts.
_NO_ANSWER: Final = 1 << 62
_ANY_ANSWER: Final = -1


class CustomValues(Mapping[str, Answer]):
    """The latest answers, as far as they count for the one who asks.

    Attributes:
        since: answers of askings up to this one do not count.
        asked: the number of the latest asking.
        failed: why the latest asking of a condition gave no answer.
        standing: answers that tasks give; they count for everybody.
    """

    __slots__ = ("_given", "errors", "evaluation", "since", "task_values")

    def __init__(self) -> None:
        self._given: dict[str, tuple[int, Answer]] = {}
        self.task_values: dict[str, Answer] = {}
        self.since = _NO_ANSWER
        self.evaluation = 0
        self.errors: dict[str, str] = {}

    def __getitem__(self, text: str) -> Answer:
        standing = self.task_values.get(text)
        if standing is not None:
            return standing
        number, answer = self._given[text]
        if number <= self.since:
            raise KeyError(text)
        return answer

    def __iter__(self) -> Iterator[str]:
        given = (text for text, (number, _) in self._given.items() if number > self.since)
        return iter({**dict.fromkeys(self.task_values), **dict.fromkeys(given)})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def record(self, number: int, text: str, answer: Answer | None, why: str = "") -> None:
        """What an asking has found; None: it failed."""
        if answer is None:
            self._given.pop(text, None)
            self.errors[text] = why
        else:
            self._given[text] = (number, answer)
            self.errors.pop(text, None)

    def set_task_value(self, text: str, answer: Answer) -> None:
        """An answer that counts for everybody until there is another."""
        self.task_values[text] = answer


class CustomConditions:
    """Which custom conditions decide something now.

    Attributes:
        answers: what is known.
        open: the entries that wait for answers, and for which.
    """

    __slots__ = ("_ends", "_running", "values", "waiting")

    def __init__(self) -> None:
        self.values = CustomValues()
        self.waiting: dict[ScheduledTask, frozenset[str]] = {}
        self._ends: dict[str, frozenset[str]] = {}
        self._running: dict[str, int] = {}

    def evaluate(self, entry: ScheduledTask, view: View, held: bool) -> Evaluation:
        """What an entry's condition says, true only if it is certain; and until when.

        Args:
            held: it could not start, whatever is answered: nobody is asked for it.
        """
        answers = self.values
        answers.since = _NO_ANSWER
        without = evaluate_partially(entry.condition, view)
        if held or without.value is not None:
            self.waiting.pop(entry, None)
            entry.used_evaluation = answers.evaluation
            return without.value is True, without.until
        if entry not in self.waiting:
            entry.used_evaluation = (
                answers.evaluation
            )  # older answers were given before it mattered
        self.waiting[entry] = without.unknown
        answers.since = entry.used_evaluation
        known = evaluate_partially(entry.condition, view)
        answers.since = _NO_ANSWER
        return known.value is True, min(without.until, known.until)

    def mark_used(self, entry: ScheduledTask) -> None:
        """It has been fired: its answers are used up."""
        entry.used_evaluation = self.values.evaluation

    def add_end_condition(self, task: str, texts: frozenset[str]) -> None:
        """An end condition: asked while runs of the task go on."""
        self._ends[task] = texts

    def end_condition_values(self, task: str) -> Mapping[str, Answer]:
        """What counts for the end condition of a task: asked since a run of it goes on."""
        answers = self.values
        answers.since = self._running.get(task, _NO_ANSWER)
        found = dict(answers)
        answers.since = _NO_ANSWER
        return found

    def latest_values(self) -> dict[str, Answer]:
        """The latest answers of all, whoever has used them."""
        answers = self.values
        answers.since = _ANY_ANSWER
        found = dict(answers)
        answers.since = _NO_ANSWER
        return found

    def values_to_explain(self) -> dict[str, Answer]:
        """The same for explanations: what failed is false and says why."""
        failed = self.values.errors.items()
        told = {text: Answer(False, f"asking failed: {why}") for text, why in failed}
        return {**self.latest_values(), **told}

    def needed_ids(self, going: Iterable[str]) -> set[str]:
        """The texts that are to be asked.

        Args:
            going: of the tasks with end conditions, those that have runs.
        """
        running = [task for task in going if task in self._ends]
        self._running = {task: self._running.get(task, self.values.evaluation) for task in running}
        found = {text for texts in self.waiting.values() for text in texts}
        found.update(text for task in running for text in self._ends[task])
        return found.difference(self.values.task_values)

    @property
    def end_tasks(self) -> Iterable[str]:
        """The tasks whose end conditions ask."""
        return self._ends
