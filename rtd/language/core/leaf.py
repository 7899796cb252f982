"""A condition without parts, and the ways to write one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from re import Match
from typing import ClassVar, NamedTuple

from rtd.language.core.condition import Condition
from rtd.language.core.errors import TextPart
from rtd.language.core.explanation import Explanation
from rtd.language.core.view import View


class Form(NamedTuple):
    """A way to write a leaf.

    `words` are the words that such a text can begin with, `pattern` matches the whole text,
    `read` makes the leaf of the match and may raise a `Problem`; `examples` are the suggestions
    for a user who wrote nearly that.
    """

    words: tuple[str, ...]
    pattern: str
    read: Callable[[Match[str]], Condition]
    examples: tuple[str, ...]


class Leaf(Condition):
    """A condition without parts. `rtd.language.leaves` says how to add one.

    A leaf gives `forms` (how it is written), `evaluate`, `fact`, `__str__` (which must parse
    back), and what can change it: `events()` and `polled`.
    """

    __slots__ = ()
    forms: ClassVar[tuple[Form, ...]] = ()

    @abstractmethod
    def fact(self, view: View) -> str:
        """A sentence: why the value is what it is."""

    def leaves(self) -> Iterator[Leaf]:
        yield self

    def explain(self, view: View) -> Explanation:
        value, until = self.evaluate(view)
        return Explanation(value, str(self), self.fact(view), view.to_datetime(until))


def text_part(match: Match[str], group: int) -> TextPart:
    """Return a group of a match as a part of the leaf's text."""
    return TextPart(match[group], match.start(group))


def optional_text_part(match: Match[str], group: int) -> TextPart | None:
    """Return a group of a match as `text_part` does, None for a group that is not there."""
    return None if match[group] is None else text_part(match, group)
