"""Conditions of the user's own: only their text is known here, their value comes from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rtd.language.core.evaluation import Evaluation, Poll
from rtd.language.core.leaf import Leaf
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import Answer, View


@dataclass(frozen=True, slots=True, repr=False)
class Custom(Leaf):
    """A text whose value the app tells; false until it has.

    `name` is what the syntax was registered as, `arguments` the groups that it matched, `text`
    the key of its value in the view.
    """

    name: str
    text: str
    arguments: tuple[tuple[str, str], ...] = ()
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.CUSTOM})

    def evaluate(self, view: View) -> Evaluation:
        answer = view.world.custom.get(self.text, False)
        if isinstance(answer, bool):
            return answer, NEVER
        if answer.until_us <= view.now_us:
            return False, NEVER
        return answer.value, answer.until_us

    def fact(self, view: View) -> str:
        answer = view.world.custom.get(self.text)
        if answer is None:
            return "it has not been evaluated yet"
        if isinstance(answer, Answer) and answer.until_us <= view.now_us:
            return f"its latest answer counted until {view.format_time(answer.until_us)}"
        if isinstance(answer, Answer) and answer.fact:
            return answer.fact
        return f"it was found {'true' if self.evaluate(view)[0] else 'false'}"

    def __str__(self) -> str:
        return self.text
