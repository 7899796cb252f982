"""The nearest valid form of a leaf that could not be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from rtd.conditions.blanks import single, written
from rtd.conditions.errors import ConditionError, Part, Problem
from rtd.conditions.grammar import Grammar, Unknown
from rtd.conditions.quoting import QUOTED

LONG = 200
"""A longer leaf gets no suggestion: comparing would take too long."""
SPLITS = 20
LITERAL = re.compile(rf"({QUOTED})")
BARE = re.compile(r"\b(tasks?|param|env) (\w+)")
"""A name that lacks its quotes."""
GLUE = {"and": "&", "or": "|"}


def explain_fault(grammar: Grammar, part: Part, fault: Problem) -> Problem:
    """The same fault or a better one, with a suggestion when there is a near form."""
    text = single(part.text)
    if len(text) > LONG:
        return fault
    plain = _outside_quotes(text, str.lower)
    if plain != text and reads(grammar, plain):
        return Problem("leaves are lower case", 0, plain)
    split = _split(grammar, text)
    if split:
        split.at = written(part.text, split.at)
        return split
    if not isinstance(fault, Unknown):
        return fault
    return Problem(fault.message, fault.at, _nearest(grammar, text))


def reads(grammar: Grammar, text: str) -> bool:
    """Whether a text is a leaf."""
    try:
        grammar.leaf(Part(text))
    except (Problem, ConditionError):
        return False
    return True


def _outside_quotes(text: str, change: Callable[[str], str]) -> str:
    pieces = LITERAL.split(text)
    return "".join(piece if i % 2 else change(piece) for i, piece in enumerate(pieces))


def _blanks(text: str) -> Iterator[int]:
    """Where the blanks outside quotes are, the first few."""
    quoted = [match.span() for match in LITERAL.finditer(text)]
    found = 0
    for match in re.finditer(" ", text):
        if not any(start <= match.start() < end for start, end in quoted):
            yield match.start()
            found += 1
            if found == SPLITS:
                return


def _split(grammar: Grammar, text: str) -> Problem | None:
    """Two leaves in a row, or words in the place of operators."""
    if text.startswith("not ") and reads(grammar, text[4:]):
        return Problem("`not` is written `~`", 0, f"~{text[4:]}")
    for at in _blanks(text):
        left, right = text[:at], text[at + 1 :]
        word, _, rest = right.partition(" ")
        if not reads(grammar, left):
            continue
        if word in GLUE and reads(grammar, rest):
            message = f"`{word}` is written `{GLUE[word]}`"
            return Problem(message, at + 1, f"{left} {GLUE[word]} {rest}")
        if reads(grammar, right):
            message = "two conditions without an operator (& or |) between them"
            return Problem(message, at + 1, f"{left} & {right}")
    return None


def _nearest(grammar: Grammar, text: str) -> str:
    """The text with its words corrected, when that can be read; else the nearest example."""
    words = sorted(grammar.words())

    def correct(piece: str) -> str:
        return re.sub(r"[A-Za-z]{2,}", lambda m: _close(m[0].lower(), words), piece)

    corrected = _outside_quotes(text, correct)
    for fixed in (corrected, BARE.sub(r"\1 '\2'", text), BARE.sub(r"\1 '\2'", corrected)):
        if reads(grammar, fixed):
            return fixed
    close = get_close_matches(corrected.lower(), grammar.examples, 1, 0.5)
    return close[0] if close else ""


def _close(word: str, words: list[str]) -> str:
    if word in words:
        return word
    return next(iter(get_close_matches(word, words, 1, 0.6)), word)
