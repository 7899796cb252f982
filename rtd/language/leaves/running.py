"""`task 'x' is running`, `while task 'x' is running`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from re import Match

from rtd.language.core.evaluation import Evaluation
from rtd.language.core.leaf import Form, Leaf, text_part
from rtd.language.core.run_history import ACTIONS
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View
from rtd.language.text.quoted_names import QUOTED, quote, unquote


@dataclass(frozen=True, slots=True, repr=False)
class TaskRunning(Leaf):
    """A run of the task has started and has not ended."""

    task: str

    def evaluate(self, view: View) -> Evaluation:
        return bool(view.exists(self.task) and view.running(self.task)), NEVER

    def fact(self, view: View) -> str:
        if not view.exists(self.task):
            return f"no task is named {quote(self.task)}"
        starts = view.running(self.task)
        if not starts:
            return f"{self.task} is not running"
        return f"{self.task} has been running since {view.format_time(min(starts))}"

    def events(self) -> Iterator[tuple[str, str]]:
        return ((self.task, action) for action in ACTIONS)

    def __str__(self) -> str:
        return f"task {quote(self.task)} is running"


def read(match: Match[str]) -> TaskRunning:
    """Make the leaf of its text."""
    return TaskRunning(unquote(text_part(match, 1)))


TaskRunning.forms = (
    Form(
        ("task", "while"),
        rf"(?:while )?task ({QUOTED}) is running",
        read,
        ("task 'name' is running", "while task 'name' is running"),
    ),
)
