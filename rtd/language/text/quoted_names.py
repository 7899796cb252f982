"""Names in quotes, and the patterns that match them.

Everything between the quotes is literal, but the quote itself is written twice: `'it''s'`.
Double quotes do as well: `"it's"`.
"""

from __future__ import annotations

import re
from typing import Protocol

from rtd.language.core.errors import ConditionError, Problem, TextPart

QUOTED = r"""(?:'[^']*+'|"[^"]*+")++"""
"""A pattern for a name in quotes (doubled ones too). Unquote what it matched."""
ONE = re.compile(QUOTED)
MAX_NAMES = 1000
BETWEEN = re.compile(r" ?, ?")


class HasName(Protocol):
    """Something with a name: a task."""

    @property
    def name(self) -> str:
        """The name."""


def quote(name: str) -> str:
    """The name in quotes, ready for a condition's text."""
    mark = '"' if "'" in name and '"' not in name else "'"
    return mark + name.replace(mark, mark * 2) + mark


def unquote(part: TextPart) -> str:
    """The name that stands in quotes. Raises `Problem` for an empty or a badly quoted one."""
    mark, inner = part.text[0], part.text[1:-1]
    if not inner:
        raise part.problem("a name cannot be empty")
    pieces = inner.split(mark * 2)
    if any(mark in piece for piece in pieces):
        raise part.problem("two names without a comma between them")
    return mark.join(pieces)


def strip_quotes(text: str) -> str:
    """A text without its quotes, if it is one text in quotes; any other as it is."""
    if not ONE.fullmatch(text):
        return text
    try:
        return "" if len(text) == 2 else unquote(TextPart(text))
    except Problem:
        return text  # two in a row


def unquote_list(part: TextPart) -> tuple[str, ...]:
    """The names in a list such as `'a', 'b'`."""
    names: list[str] = []
    at = 0
    while at < len(part.text):
        if len(names) == MAX_NAMES:
            raise part.problem(f"a list may have at most {MAX_NAMES} names", "", at)
        match = ONE.match(part.text, at)
        if not match:
            raise part.problem("a task's name in quotes belongs here", "'name'", at)
        names.append(unquote(TextPart(match[0], part.at + at)))
        comma = BETWEEN.match(part.text, match.end())
        if comma and comma.end() == len(part.text):
            raise part.problem("a name is missing after the comma", "", match.end())
        at = comma.end() if comma else match.end()
    return tuple(names)


def task_name_of(task: str | HasName) -> str:
    """The name of a task given by a program. Raises ConditionError for something else."""
    name = task if isinstance(task, str) else getattr(task, "name", None)
    if not isinstance(name, str) or not name:
        raise ConditionError(f"a task is given by its name, not {task!r}")
    return name
