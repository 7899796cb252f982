"""Blanks between words: many blanks, tabs and line breaks are one. Inside quotes each counts."""

from __future__ import annotations

import re

ODD = re.compile(r"[^\S ]|  ")
"""A text without it has single blanks throughout."""
GAP = re.compile(r"('[^']*+'|\"[^\"]*+\")|\s++")


def collapse_whitespace(text: str) -> str:
    """Return the text with single blanks outside quotes."""
    return GAP.sub(lambda gap: gap[1] or " ", text) if ODD.search(text) else text


def original_offset(text: str, at: int) -> int:
    """Return where in a text the character stands that `collapse_whitespace(text)` has at `at`."""
    for gap in GAP.finditer(text) if ODD.search(text) else ():
        if at <= gap.start():
            break
        if gap[1] is None:
            at += len(gap[0]) - 1
    return at
