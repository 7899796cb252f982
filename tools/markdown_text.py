"""Writes pieces of Markdown."""

import re
from collections.abc import Iterable, Iterator


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    columns = list(head)
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def code_block(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a block that the site shows as it is."""
    yield "```text"
    yield from lines
    yield "```\n"


def mark_flags(text: str) -> str:
    """Return a text with its flags in backticks, so that two dashes stay two dashes."""
    parts = text.split("`")  # each second part is in backticks already
    parts[::2] = (re.sub(r"(?<![\w-])(--?[a-z][\w-]*)", r"`\1`", part) for part in parts[::2])
    return "`".join(parts)
