"""What every condition is and can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import Enum
from re import Match
from typing import ClassVar, Final, NamedTuple

from rtd.language.core.explanation import Explanation
from rtd.language.core.view import View
from rtd.language.text.errors import TextPart
from rtd.language.time.durations import SECOND
from rtd.language.time.time_zones import NEVER

ME: Final = ""
"""The name that stands for the task itself in what a condition depends on."""

NO_VALUE: Final = (
    "a condition has no value of its own: combine conditions with & | ~ "
    "(not: and, or, not), and ask condition.check(view)"
)

Evaluation = tuple[bool, int]
"""A value, and the instant from which time alone may change it (NEVER: only an event)."""


class Poll(Enum):
    """What can change a condition without an event of a task."""

    TIME = "time"
    SCHEDULER = "scheduler"
    SAMPLE = "sample"
    HOST = "host"
    CUSTOM = "custom"
    PARAMS = "params"


class Decision(NamedTuple):
    """A value, and the UTC epoch seconds from which time alone may change it (None: never)."""

    value: bool
    next_change_at: float | None


class Condition(ABC):
    """A statement about a view: true or false. Immutable, hashable; a pure function.

    Subclasses answer `look`; everything else follows from it. Combine with `&`, `|` and `~`.
    """

    __slots__ = ()

    @abstractmethod
    def evaluate(self, view: View) -> Evaluation:
        """The value now, and until when it holds if nothing happens."""

    def check(self, view: View) -> bool:
        """The value now."""
        return self.evaluate(view)[0]

    def next_change(self, view: View) -> datetime | None:
        """The earliest moment after now at which time alone can change the value.

        Guaranteed: the value is constant over [now, next_change) while no event comes and nothing
        is measured anew. Not guaranteed: that it does change then. None: only an event can.
        """
        return view.to_datetime(self.evaluate(view)[1])

    def decide(self, view: View) -> Decision:
        """Value and next change in one go, in UTC epoch seconds: for a scheduler."""
        value, until = self.evaluate(view)
        return Decision(value, None if until >= NEVER else until / SECOND)

    def next_true(self, view: View, steps: int = 1000) -> datetime | None:
        """When the condition comes true if nothing happens until then (now, if it is true).

        None: never by time alone, or not within this many changes of its parts.
        """
        for _ in range(steps):
            value, until = self.evaluate(view)
            if value:
                return view.to_datetime(view.now_us)
            if view.to_datetime(until) is None:
                return None
            view = view.later(until)
        return None

    @abstractmethod
    def explain(self, view: View) -> Explanation:
        """The value, the fact behind it, and the same of each part."""

    @abstractmethod
    def leaves(self) -> Iterator[Leaf]:
        """The leaves, from left to right."""

    def watches(self) -> frozenset[tuple[str, str]]:
        """The events that can change the value: (task or ME, action)."""
        return frozenset(event for leaf in self.leaves() for event in leaf.events())

    def depends(self) -> frozenset[str]:
        """The names of the tasks whose events can change the value; ME is the task itself."""
        return frozenset(task for task, _ in self.watches())

    def names(self) -> frozenset[str]:
        """The names of the tasks that the condition names, so that unknown ones can be told."""
        return self.depends() - {ME}

    def polls(self) -> frozenset[Poll]:
        """What else can change the value."""
        return frozenset(poll for leaf in self.leaves() for poll in leaf.polled)

    def __and__(self, other: Condition) -> Condition:
        from rtd.language.core.logic import all_of  # lazy: logic builds on this

        return all_of((self, other)) if isinstance(other, Condition) else NotImplemented

    def __or__(self, other: Condition) -> Condition:
        from rtd.language.core.logic import any_of  # lazy: logic builds on this

        return any_of((self, other)) if isinstance(other, Condition) else NotImplemented

    def __invert__(self) -> Condition:
        from rtd.language.core.logic import negate  # lazy: logic builds on this

        return negate(self)

    def __bool__(self) -> bool:
        raise TypeError(NO_VALUE)

    def __repr__(self) -> str:
        return f"parse({str(self)!r})"


class Form(NamedTuple):
    """A way to write a leaf.

    `words` are the words that such a text can begin with, `pattern` matches the whole text,
    `read` makes the leaf of the match and may raise a `Problem`; `examples` are what to suggest
    to somebody who wrote nearly that.
    """

    words: tuple[str, ...]
    pattern: str
    read: Callable[[Match[str]], Condition]
    examples: tuple[str, ...]


class Leaf(Condition):
    """A condition without parts.

    A new one is a class in a file of its own in `leaves/`, named in `leaves/__init__.py`. It
    gives `forms` (how it is written), `look`, `fact`, `__str__` (which must parse back), and what
    can change it: `events()` and `polled`.
    """

    __slots__ = ()
    forms: ClassVar[tuple[Form, ...]] = ()
    polled: ClassVar[frozenset[Poll]] = frozenset()

    @abstractmethod
    def fact(self, view: View) -> str:
        """A sentence: why the value is what it is."""

    def events(self) -> Iterator[tuple[str, str]]:
        """The events that can change the value: (task or ME, action)."""
        return iter(())

    def leaves(self) -> Iterator[Leaf]:
        yield self

    def explain(self, view: View) -> Explanation:
        value, until = self.evaluate(view)
        return Explanation(value, str(self), self.fact(view), view.to_datetime(until))


def text_part(match: Match[str], group: int) -> TextPart:
    """A group of a match as a part of the leaf's text."""
    return TextPart(match[group], match.start(group))


def optional_text_part(match: Match[str], group: int) -> TextPart | None:
    """The same, None for a group that is not there."""
    return None if match[group] is None else text_part(match, group)
