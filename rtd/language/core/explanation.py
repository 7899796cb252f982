"""Why a condition holds or not: a tree of values and facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rtd.language.core.errors import printable


@dataclass(frozen=True, slots=True)
class Explanation:
    """The value of a condition and the fact behind it, and the same of its parts.

    `text` is the condition's, `fact` a sentence, `next_change` the earliest moment at which time
    alone can change the value (None: only an event can). `str()` is an indented text tree.
    """

    value: bool
    text: str
    fact: str
    next_change: datetime | None
    children: tuple[Explanation, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, depth: int = 0) -> list[str]:
        """The text tree, a printable line per node."""
        word = "true " if self.value else "false"
        found = [printable(f"{'  ' * depth}{word}  {self.text}: {self.fact}")]
        for child in self.children:
            found += child.lines(depth + 1)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON. `next_change` is ISO 8601 or None."""
        change = self.next_change
        return {
            "value": self.value,
            "text": self.text,
            "fact": self.fact,
            "next_change": None if change is None else change.isoformat(),
            "children": [child.to_dict() for child in self.children],
        }
