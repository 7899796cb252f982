"""And, or, not."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rtd.language.core.condition import Condition, Evaluation, Leaf
from rtd.language.core.explanation import Explanation
from rtd.language.core.view import View
from rtd.language.text.errors import ConditionError
from rtd.language.time.time_zones import NEVER

MAX_LEAVES = 1000
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True, repr=False)
class Not(Condition):
    """True while its part is false. Make it with `~`."""

    part: Condition

    def evaluate(self, view: View) -> Evaluation:
        value, until = self.part.evaluate(view)
        return not value, until

    def check(self, view: View) -> bool:
        return not self.part.check(view)

    def leaves(self) -> Iterator[Leaf]:
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

    @property
    @abstractmethod
    def deciding(self) -> bool:
        """The value of a part that settles the whole."""

    def evaluate(self, view: View) -> Evaluation:
        """One deciding part holds the value: until the last of them may change, so may not I.

        While no part decides, the first change of any part may.
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

    def leaves(self) -> Iterator[Leaf]:
        for part in self.parts:
            yield from part.leaves()

    def explain(self, view: View) -> Explanation:
        value, until = self.evaluate(view)
        parts = tuple(part.explain(view) for part in self.parts)
        true = sum(part.value for part in parts)
        fact = f"{true} of {len(parts)} parts are true"
        return Explanation(value, str(self), fact, view.to_datetime(until), parts)


@dataclass(frozen=True, slots=True, repr=False)
class All(_Compound):
    """True while all its parts are. Make it with `&`."""

    @property
    def deciding(self) -> bool:
        return False

    def __str__(self) -> str:
        return " & ".join(f"({p})" if isinstance(p, AnyOf) else str(p) for p in self.parts)


@dataclass(frozen=True, slots=True, repr=False)
class AnyOf(_Compound):
    """True while any of its parts is. Make it with `|`."""

    @property
    def deciding(self) -> bool:
        return True

    def __str__(self) -> str:
        return " | ".join(map(str, self.parts))


def negate(condition: Condition) -> Condition:
    """`~condition`; two negations are none. Raises ConditionError for what is no condition."""
    _check(condition)
    return condition.part if isinstance(condition, Not) else Not(condition)


def _check(part: Condition) -> None:
    if not isinstance(part, Condition):
        raise ConditionError(f"a part of a condition is a condition, not {part!r:.60}")


def all_of(parts: Iterable[Condition]) -> Condition:
    """`a & b & ...`; a part that is itself an and is taken apart.

    Raises ConditionError for no part at all, one that is no condition, and too many or too deep.
    """
    return _join(All, parts)


def any_of(parts: Iterable[Condition]) -> Condition:
    """`a | b | ...`; a part that is itself an or is taken apart. Raises as `all_of`."""
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
