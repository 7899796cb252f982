"""The nearest valid form of a leaf that could not be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from rtd.language.core.errors import ConditionError, Problem, TextPart
from rtd.language.core.whitespace import collapse_whitespace, original_offset
from rtd.language.grammar import Grammar, UnknownLeaf
from rtd.language.text.quoted_names import QUOTED

MAX_SUGGEST_CHARS = 200
"""A longer leaf gets no suggestion: comparing would take too long."""
SPLITS = 20
LITERAL = re.compile(rf"({QUOTED})")
BARE = re.compile(r"\b(tasks?|param|env) (\w+)")
"""A name that lacks its quotes."""
WORD_OPERATORS = {"and": "&", "or": "|"}
SIGNS = {**WORD_OPERATORS, "not": "~", "!": "~"}
NOT = re.compile(r"(not\b|!) ?(.*)", re.DOTALL | re.IGNORECASE)


def add_suggestion(grammar: Grammar, part: TextPart, fault: Problem) -> Problem:
    """Return the same fault or a better one, with a suggestion when there is a near form."""
    text = collapse_whitespace(part.text)
    if len(text) > MAX_SUGGEST_CHARS:
        return fault
    plain = _outside_quotes(text, str.lower)
    if plain != text and is_leaf(grammar, plain):
        return Problem("leaves are lower case", 0, plain)
    split = _split(grammar, text) or (_split(grammar, plain) if plain != text else None)
    if split:
        split.at = original_offset(part.text, split.at)
        return split
    if not isinstance(fault, UnknownLeaf):
        return fault
    return Problem(fault.message, fault.at, _nearest(grammar, text))


def is_leaf(grammar: Grammar, text: str) -> bool:
    """Whether a text is a leaf."""
    try:
        grammar.parse_leaf(TextPart(text))
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
    if negated := NOT.fullmatch(text):
        fixed = _signed(grammar, negated[2])
        if fixed or not negated[2]:
            return _word(negated[1], 0, fixed and f"~{fixed}")
    word, _, rest = text.partition(" ")
    if word.lower() in WORD_OPERATORS and not (rest and _signed(grammar, rest) is None):
        return _word(word, 0)
    for at in _blanks(text):
        left, right = text[:at], text[at + 1 :]
        if not is_leaf(grammar, left):
            continue
        word, _, rest = right.partition(" ")
        if word.lower() in WORD_OPERATORS and not (rest and _signed(grammar, rest) is None):
            fixed = _signed(grammar, text) if rest else None
            return _word(word, at + 1, fixed)
        if (fixed := _signed(grammar, right)) is not None:
            message = "two conditions without an operator (& or |) between them"
            return Problem(message, at + 1, f"{left} & {fixed}")
    return None


def _word(word: str, at: int, fixed: str | None = None) -> Problem:
    """A word stands in the place of an operator; without a whole text, only that is suggested."""
    sign = SIGNS[word.lower()]
    return Problem(f"`{word}` is written `{sign}`", at, fixed or sign)


def _signed(grammar: Grammar, text: str) -> str | None:
    """The text with operators for `and`, `or`, `not`; None when that cannot be read."""
    if is_leaf(grammar, text):
        return text
    if negated := NOT.fullmatch(text):
        fixed = _signed(grammar, negated[2])
        return fixed and f"~{fixed}"
    for at in _blanks(text):
        word, _, rest = text[at + 1 :].partition(" ")
        if word.lower() in WORD_OPERATORS and is_leaf(grammar, text[:at]):
            fixed = _signed(grammar, rest)
            if fixed is not None:
                return f"{text[:at]} {WORD_OPERATORS[word.lower()]} {fixed}"
    return None


def _nearest(grammar: Grammar, text: str) -> str:
    """The text with its words corrected, when that can be read; else the nearest example."""
    words = sorted(grammar.words() | WORD_OPERATORS.keys() | {"not"})

    def correct(piece: str) -> str:
        return re.sub(r"[A-Za-z]{2,}", lambda m: _close(m[0].lower(), words), piece)

    corrected = _outside_quotes(text, correct)
    for fixed in (corrected, BARE.sub(r"\1 '\2'", text), BARE.sub(r"\1 '\2'", corrected)):
        if found := _signed(grammar, fixed):
            return found
    close = get_close_matches(corrected.lower(), grammar.examples, 1, 0.5)
    return close[0] if close else ""


def _close(word: str, words: list[str]) -> str:
    if word in words:
        return word
    return next(iter(get_close_matches(word, words, 1, 0.6)), word)
