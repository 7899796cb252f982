"""The errors of a condition that cannot be read, with their place in its text."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from rtd.language.core.whitespace import collapse_whitespace, original_offset

T = TypeVar("T")

WIDTH = 100
"""A longer line of text is shown in part, around the caret."""


class Problem(Exception):
    """A fault found while reading a part of a text, with its place in that part.

    Internal: `parse` turns it into a `ConditionError`, which knows the whole text.
    """

    def __init__(self, message: str, at: int = 0, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.suggestion = suggestion


class ConditionError(ValueError):
    """A condition that cannot be read.

    `problem` is one sentence, `suggestion` the nearest valid form ("" when there is none),
    `text` the text that was read, `line` and `column` count from 1. `str()` is all of it in one
    readable message, with the line and a caret under the fault; without them for an object that a
    program made without a text.
    """

    def __init__(
        self, problem: str, text: str | None = None, at: int = 0, suggestion: str = ""
    ) -> None:
        self.problem = printable(problem)
        self.text = text or ""
        self.suggestion = suggestion
        self.at = min(max(at, 0), len(self.text))
        self._placed = text is not None
        before = self.text[: self.at]
        self.line = before.count("\n") + 1
        self.column = self.at - (before.rfind("\n") + 1) + 1
        super().__init__(self._message())

    @property
    def caret(self) -> str:
        """The faulty line and, below it, a caret under the fault."""
        line = self.text.split("\n")[self.line - 1]
        shown = printable(line)
        column = self.column - 1
        start = max(0, column - WIDTH * 3 // 4)
        cut = shown[start : start + WIDTH]
        left = "..." if start else ""
        right = "..." if start + WIDTH < len(shown) else ""
        return f"    {left}{cut}{right}\n    {' ' * (len(left) + column - start)}^"

    def _message(self) -> str:
        hint = f"; did you mean `{self.suggestion}`?" if self.suggestion else ""
        if not self._placed:
            return f"{self.problem}{hint}"
        where = f"line {self.line}, column {self.column}: "
        return f"{where}{self.problem}{hint}\n{self.caret}"

    def __reduce__(self) -> tuple[type[ConditionError], tuple[str, str | None, int, str]]:
        text = self.text if self._placed else None
        return type(self), (self.problem, text, self.at, self.suggestion)


def printable(text: str) -> str:
    """Return the text as one line that every terminal can show, equally long."""
    return "".join(c if c.isprintable() else " " for c in text)


class TextPart(NamedTuple):
    """A piece of a text and where it begins, so that an error can show its place."""

    text: str
    at: int = 0

    def problem(self, message: str, suggestion: str = "", skip: int = 0) -> Problem:
        """Return a fault `skip` characters into this part."""
        return Problem(message, self.at + skip, suggestion)

    @property
    def shown(self) -> str:
        """The text, cut short for a message."""
        return self.text if len(self.text) < 40 else self.text[:37] + "..."

    def stripped(self) -> TextPart:
        """Return the part without the blanks around it."""
        left = self.text.lstrip()
        return TextPart(left.rstrip(), self.at + len(self.text) - len(left))


def parse_text(reader: Callable[[TextPart], T], text: str) -> T:
    """Read a text that a program gave; a `Problem` becomes a `ConditionError`."""
    if not isinstance(text, str):
        raise ConditionError(f"this is given as a text, not as {type(text).__name__}")
    try:
        return reader(TextPart(collapse_whitespace(text)))
    except Problem as fault:
        at = original_offset(text, fault.at)
        raise ConditionError(fault.message, text, at, fault.suggestion) from None
