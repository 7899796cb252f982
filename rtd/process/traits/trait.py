"""One trait of a process, and a set of them with the values that they must have."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

__all__ = ["Trait", "TraitSet"]


class Trait(NamedTuple):
    """One thing that a run can change.

    Attributes:
        name: as a note in a record says it.
        read: returns the value, in some microseconds.
        restore: gets the value that must be; raises when that is not allowed.
        told: whether a change is worth a note: it is none of what any program does.
    """

    name: str
    read: Callable[[], Any]
    restore: Callable[[Any], None]
    told: bool = True


class TraitSet:
    """Some traits and the values that they had at the construction of this object."""

    def __init__(self, traits: Sequence[Trait]) -> None:
        self._were = [(trait, trait.read()) for trait in traits]

    def changed(self) -> list[Trait]:
        """Return the traits whose value has changed."""
        return [trait for trait, were in self._were if not _is_same(trait, were)]

    def restore(self, changed: Sequence[Trait]) -> list[Trait]:
        """Restore these traits. Returns those that cannot be."""
        names = {trait.name for trait in changed}
        chosen = [(trait, were) for trait, were in self._were if trait.name in names]
        for trait, were in chosen:
            with suppress(Exception):  # what is not allowed is seen below
                trait.restore(were)
        return [trait for trait, were in chosen if not _is_same(trait, were)]


def _is_same(trait: Trait, were: Any) -> bool:
    try:
        return bool(trait.read() == were)
    except Exception:  # the run has put an object of its own there, or taken a file away
        return False
