"""The base of every condition; and, or, not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from rtd.language.core.durations import SECOND
from rtd.language.core.errors import ConditionError
from rtd.language.core.evaluation import ME, NO_VALUE, Decision, Evaluation, Poll
from rtd.language.core.explanation import Explanation
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View

MAX_LEAVES = 1000
MAX_DEPTH = 100


class Condition(ABC):
    """A statement about a view: true or false. Immutable, hashable; a pure function.

    Subclasses answer `evaluate`; everything else follows from it. Combine with `&`, `|` and `~`.
    """

    __slots__ = ()
    polled: ClassVar[frozenset[Poll]] = frozenset()
    """What else can change a leaf's value; empty for a condition with parts."""

    @abstractmethod
    def evaluate(self, view: View) -> Evaluation:
        """Return the value now, and until when it holds if nothing happens."""

    def check(self, view: View) -> bool:
        """Return the value now."""
        return self.evaluate(view)[0]

    def next_change(self, view: View) -> datetime | None:
        """Return the earliest moment after now at which time alone can change the value.

        Guaranteed: the value is constant over [now, next_change) while no event comes and no
        measurement changes. Not guaranteed: that it does change then. None: only an event can.
        """
        return view.to_datetime(self.evaluate(view)[1])

    def decide(self, view: View) -> Decision:
        """Return value and next change in one go, in UTC epoch seconds: for a scheduler."""
        value, until = self.evaluate(view)
        return Decision(value, None if until >= NEVER else until / SECOND)

    def next_true(self, view: View, steps: int = 1000) -> datetime | None:
        """Return when the condition comes true if nothing happens until then (now, if it is true).

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
        """Return the value, the fact behind it, and the same of each part."""

    @abstractmethod
    def leaves(self) -> Iterator[Condition]:
        """Yield the leaves, from left to right."""

    def events(self) -> Iterator[tuple[str, str]]:
        """Yield the events that can change a leaf's value: (task or ME, action)."""
        return iter(())

    def watches(self) -> frozenset[tuple[str, str]]:
        """Return the events that can change the value: (task or ME, action)."""
        return frozenset(event for leaf in self.leaves() for event in leaf.events())

    def depends(self) -> frozenset[str]:
        """Return the tasks whose events can change the value; ME is the task itself."""
        return frozenset(task for task, _ in self.watches())

    def names(self) -> frozenset[str]:
        """Return the names of tasks in the condition, so that unknown ones can be found."""
        return self.depends() - {ME}

    def polls(self) -> frozenset[Poll]:
        """Return what else can change the value."""
        return frozenset(poll for leaf in self.leaves() for poll in leaf.polled)

    def __and__(self, other: Condition) -> Condition:
        return all_of((self, other)) if isinstance(other, Condition) else NotImplemented

    def __or__(self, other: Condition) -> Condition:
        return any_of((self, other)) if isinstance(other, Condition) else NotImplemented

    def __invert__(self) -> Condition:
        return negate(self)

    def __bool__(self) -> bool:
        raise TypeError(NO_VALUE)

    def __repr__(self) -> str:
        return f"parse({str(self)!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Not(Condition):
    """True while its part is false. Make it with `~`."""

    part: Condition

    def evaluate(self, view: View) -> Evaluation:
        value, until = self.part.evaluate(view)
        return not value, until

    def check(self, view: View) -> bool:
        return not self.part.check(view)

    def leaves(self) -> Iterator[Condition]:
        return self.part.leaves()

    def explain(self, view: View) -> Explanation:
        part = self.part.explain(view)
        fact = "its part is true" if part.value else "its part is false"
        return Explanation(not part.value, str(self), fact, part.next_change, (part,))

    def __str__(self) -> str:
        return f"~({self.part})" if isinstance(self.part, _Compound) else f"~{self.part}"


@dataclass(frozen=True, slots=True, repr=False)
class _Compound(Condition):
    """Several parts, of which one can decide: a false one of an and, a true one of an or."""

    parts: tuple[Condition, ...]
    depth: int = field(compare=False)
    size: int = field(compare=False)
    deciding: ClassVar[bool]
    """The value of a part that settles the whole."""

    def evaluate(self, view: View) -> Evaluation:
        """Return the value and how long it holds.

        While parts decide, the value holds until the last of them may change. While no part
        decides, it holds until the first part may.
        """
        deciding = self.deciding
        soonest, latest = NEVER, -1
        for part in self.parts:
            value, until = part.evaluate(view)
            if value is deciding:
                if until >= NEVER:
                    return value, NEVER
                latest = max(latest, until)
            elif until < soonest:
                soonest = until
        return (not deciding, soonest) if latest < 0 else (deciding, latest)

    def check(self, view: View) -> bool:
        deciding = self.deciding
        for part in self.parts:
            if part.check(view) is deciding:
                return deciding
        return not deciding

    def leaves(self) -> Iterator[Condition]:
        for part in self.parts:
            yield from part.leaves()

    def explain(self, view: View) -> Explanation:
        value, until = self.evaluate(view)
        parts = tuple(part.explain(view) for part in self.parts)
        fact = f"{sum(part.value for part in parts)} of {len(parts)} parts are true"
        return Explanation(value, str(self), fact, view.to_datetime(until), parts)


@dataclass(frozen=True, slots=True, repr=False)
class All(_Compound):
    """True while all its parts are. Make it with `&`."""

    deciding = False

    def __str__(self) -> str:
        return " & ".join(f"({p})" if isinstance(p, AnyOf) else str(p) for p in self.parts)


@dataclass(frozen=True, slots=True, repr=False)
class AnyOf(_Compound):
    """True while any of its parts is. Make it with `|`."""

    deciding = True

    def __str__(self) -> str:
        return " | ".join(map(str, self.parts))


def negate(condition: Condition) -> Condition:
    """Return `~condition`; two negations are none. Raises ConditionError for another object."""
    _check(condition)
    return condition.part if isinstance(condition, Not) else Not(condition)


def _check(part: Condition) -> None:
    if not isinstance(part, Condition):
        raise ConditionError(f"a part of a condition is a condition, not {part!r:.60}")


def all_of(parts: Iterable[Condition]) -> Condition:
    """Return `a & b & ...`; the parts of a part that is itself an and become parts.

    Raises ConditionError for no part at all, one that is no condition, and too many or too deep.
    """
    return _join(All, parts)


def any_of(parts: Iterable[Condition]) -> Condition:
    """Return `a | b | ...`, as `all_of` does for `&`, with the same errors."""
    return _join(AnyOf, parts)


def _join(kind: type[All] | type[AnyOf], parts: Iterable[Condition]) -> Condition:
    flat: list[Condition] = []
    depth, size = 0, 0
    for part in parts:
        _check(part)
        inner = part.part if isinstance(part, Not) else part
        if isinstance(part, kind):
            flat += part.parts
            depth, size = max(depth, part.depth - 1), size + part.size
        else:
            flat.append(part)
            nested = (inner.depth, inner.size) if isinstance(inner, _Compound) else (0, 1)
            depth, size = max(depth, nested[0]), size + nested[1]
    if not flat:
        raise ConditionError("a condition needs at least one part")
    if len(flat) == 1:
        return flat[0]
    if size > MAX_LEAVES:
        raise ConditionError(f"a condition may have at most {MAX_LEAVES} leaves, not {size}")
    if depth >= MAX_DEPTH:
        raise ConditionError(f"a condition may be nested at most {MAX_DEPTH} deep")
    return kind(tuple(flat), depth + 1, size)
