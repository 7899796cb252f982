"""`after task 'x' succeeded`, `after any tasks 'x', 'y'`: they ended after this task's last start.

Ends that come while this task is running are followed by one more run, not by one for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from re import Match

from rtd.language.core.errors import ConditionError, Problem
from rtd.language.core.evaluation import ME, Evaluation
from rtd.language.core.leaf import Form, Leaf, text_part
from rtd.language.core.run_history import RUN
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View
from rtd.language.leaves.has import STATUSES, describe_past
from rtd.language.text.quoted_names import MAX_NAMES, QUOTED, quote, unquote_list

ENDINGS = ("succeeded", "failed", "terminated", "unsuccessful", "finished")


@dataclass(frozen=True, slots=True, repr=False)
class After(Leaf):
    """All (or any) of the tasks have ended in this way, later than this task last started."""

    tasks: tuple[str, ...]
    status: str = "succeeded"
    some: bool = False

    def evaluate(self, view: View) -> Evaluation:
        started = view.last_start()
        actions, some = STATUSES[self.status], self.some
        for task in self.tasks:
            ended = view.latest(task, actions) if view.exists(task) else None
            if (ended is not None and (started is None or ended > started)) is some:
                return some, NEVER
        return not some, NEVER

    def fact(self, view: View) -> str:
        started = view.last_start()
        own = "this task never started"
        if started is not None:
            own = f"this task last started {view.format_time(started)}"
        return f"{own}; {', '.join(self._said(view, task, started) for task in self.tasks)}"

    def _said(self, view: View, task: str, started: int | None) -> str:
        if not view.exists(task):
            return f"no task is named {quote(task)}"
        ended = view.latest(task, STATUSES[self.status])
        if ended is None:
            return f"{task} {describe_past(self.status, 'never')}"
        side = "" if started is None else ", after it" if ended > started else ", not after it"
        return f"{task} {describe_past(self.status, 'last')} {view.format_time(ended)}{side}"

    def events(self) -> Iterator[tuple[str, str]]:
        yield ME, RUN
        for task in self.tasks:
            for action in STATUSES[self.status]:
                yield task, action

    def __str__(self) -> str:
        kind = "any tasks" if self.some else "task" if len(self.tasks) == 1 else "tasks"
        names = ", ".join(map(quote, self.tasks))
        tail = "" if self.status == "succeeded" else f" {self.status}"
        return f"after {kind} {names}{tail}"


def after(tasks: tuple[str, ...], status: str, some: bool) -> After:
    """The leaf; of a single task, any is all. Raises ConditionError for more than 1000 tasks."""
    if len(tasks) > MAX_NAMES:
        raise ConditionError(f"a task can come after at most {MAX_NAMES} others, not {len(tasks)}")
    return After(tasks, status, some and len(tasks) > 1)


def _nearest_ending(word: str) -> str:
    """Return the ending that was meant. `successful` is close to its opposite: that is no choice
    for a word that does not begin with `un`."""
    if word.startswith("un"):
        return "unsuccessful"
    endings = [one for one in ENDINGS if one != "unsuccessful"]
    return next(iter(get_close_matches(word, endings, 1, 0.5)), "succeeded")


def read(match: Match[str]) -> After:
    """Make the leaf of its text."""
    kind, names, tail = match[1], text_part(match, 2), match[3]
    if tail and tail not in ENDINGS:
        raise text_part(match, 3).problem(
            f"`{text_part(match, 3).shown}` is none of {', '.join(ENDINGS)}", _nearest_ending(tail)
        )
    tasks = unquote_list(names)
    if kind == "task" and len(tasks) > 1:
        raise Problem("several names need `tasks`", match.start(1), "tasks")
    return after(tasks, tail or "succeeded", kind == "any tasks")


After.forms = (
    Form(
        ("after",),
        rf"after (task|tasks|any tasks) ({QUOTED}(?: ?, ?{QUOTED})*)(?: (\w+))?",
        read,
        (
            "after task 'name'",
            "after task 'name' succeeded",
            "after tasks 'one', 'two'",
            "after task 'name' unsuccessful",
            "after any tasks 'one', 'two' failed",
        ),
    ),
)
