"""Reads a condition from its text. Without recursion, so that no text exhausts the stack."""

from __future__ import annotations

import re
from typing import NamedTuple

from rtd.language.core.condition import MAX_LEAVES, Condition, all_of, any_of, negate
from rtd.language.core.errors import ConditionError, Problem, TextPart
from rtd.language.grammar import GRAMMAR, Grammar, UnknownLeaf
from rtd.language.suggestions import MAX_SUGGEST_CHARS, WORD_OPERATORS, add_suggestion

MAX_CHARS = 100_000
MAX_OPEN = 1000
QUOTES = ("'", '"')
#: In faults of texts that may be phrases of people or schedules of other programs.
_LIKE_A_PHRASE = re.compile(r"is not a (limit|span|unit)")
_AT_START = frozenset({"@reboot", "startup", "on startup", "at startup", "on start", "at boot"})
CACHE = 4096
TOKEN = re.compile(
    r"\s*+(?:([&|])|(\(++)|(\))|(~[~\s]*+)|((?:[^&|~()'\"]++|'[^']*+'|\"[^\"]*+\")++))"
)
OPERATOR, OPEN, CLOSE, NOT, LEAF = range(1, 6)


class _Level(NamedTuple):
    """An open parenthesis: what has been read in it, as ors of ands."""

    at: int
    negated: bool
    ors: list[list[Condition]]


class _Parser:
    """Reads one text from left to right."""

    def __init__(self, text: str, grammar: Grammar, mending: bool = False) -> None:
        self.text = text
        self.grammar = grammar
        self.levels = [_Level(0, False, [[]])]
        self.negated = False
        self.wants_operand = True
        self.last = ""
        self.leaves = 0
        self.mending = mending

    def fault(self, message: str, at: int, suggestion: str = "") -> ConditionError:
        return ConditionError(message, self.text, at, suggestion)

    def read(self) -> Condition:
        at = 0
        while match := TOKEN.match(self.text, at):
            at = match.end()
            kind = match.lastindex or 0
            if self.text[at : at + 1] in QUOTES:
                break
            self._take(kind, match[kind], match.start(kind))
        rest = self.text[at:].lstrip()
        if rest:
            at = len(self.text) - len(rest)
            raise self.fault(
                "this quote is never closed", at, self._fix(len(self.text), 0, rest[0])
            )
        if self.wants_operand:
            end = len(self.text.rstrip())
            fixed = self._fix(end - 1, 1, "") if self.last in ("&", "|") else ""
            raise self.fault(f"a condition is missing after `{self.last}`", end, fixed.rstrip())
        if len(self.levels) > 1:
            fixed = self._fix(len(self.text), 0, ")")
            raise self.fault("this parenthesis is never closed", self.levels[-1].at, fixed)
        return self._joined()

    def _joined(self) -> Condition:
        return any_of(all_of(ands) for ands in self.levels.pop().ors)

    def _take(self, kind: int, token: str, at: int) -> None:
        if kind == OPERATOR:
            self._operator(token, at)
        elif kind == CLOSE:
            self._close(at)
        elif not self.wants_operand:
            raise self._unjoined(token.split(maxsplit=1)[0], at)
        elif kind == NOT:
            self.negated ^= token.count("~") % 2 == 1
            self.last = "~"
        elif kind == OPEN:
            self._open(token, at)
        else:
            self._operand(self._leaf(token.rstrip(), at))

    def _unjoined(self, word: str, at: int) -> ConditionError:
        """No operator follows a condition; it begins with this word."""
        if sign := WORD_OPERATORS.get(word.lower()):
            fixed = self._fix(at, len(word), sign) or sign
            return self.fault(f"`{word}` is written `{sign}`", at, fixed)
        message = "two conditions without an operator (& or |) between them"
        return self.fault(message, at, self._fix(at, 0, "& "))

    def _operator(self, token: str, at: int) -> None:
        if self.wants_operand:
            if self.last == token and self.text[at - 1] == token:
                raise self.fault(f"`{token}{token}` is a doubled operator", at - 1, token)
            place = f"between `{self.last}` and" if self.last else "before"
            fixed = self._fix(at, 1, "").strip()
            raise self.fault(f"a condition is missing {place} `{token}`", at, fixed)
        if token == "|":
            self.levels[-1].ors.append([])
        self.wants_operand, self.last = True, token

    def _open(self, token: str, at: int) -> None:
        if len(self.levels) + len(token) > MAX_OPEN:
            raise self.fault(f"more than {MAX_OPEN - 1} parentheses are open", at)
        for i in range(len(token)):
            self.levels.append(_Level(at + i, self.negated, [[]]))
            self.negated = False
        self.last = "("

    def _close(self, at: int) -> None:
        if len(self.levels) == 1:
            raise self.fault("this parenthesis closes nothing", at, self._fix(at, 1, ""))
        if self.wants_operand:
            raise self.fault(f"a condition is missing between `{self.last}` and `)`", at)
        self.negated = self.levels[-1].negated
        self._operand(self._joined())

    def _operand(self, condition: Condition) -> None:
        self.levels[-1].ors[-1].append(negate(condition) if self.negated else condition)
        self.negated, self.wants_operand = False, False

    def _fix(self, at: int, drop: int, insert: str) -> str:
        """The text with so many characters replaced at a place, when that can be read."""
        if self.mending or len(self.text) > MAX_SUGGEST_CHARS:
            return ""
        fixed = self.text[:at] + insert + self.text[at + drop :]
        try:
            _Parser(fixed, self.grammar, mending=True).read()
        except ConditionError:
            return ""
        return fixed

    def _mended(self, part: TextPart, fault: Problem) -> Problem:
        """Return the fault of a leaf, or a better one, with what to write instead."""
        if isinstance(fault, UnknownLeaf) or _LIKE_A_PHRASE.search(fault.message):
            lower = is_condition(part.text.lower(), self.grammar)
            better, why = ("", "") if lower else _phrase(part.text, self.grammar)
            if better or why:
                return Problem(why or fault.message, fault.at, better)
        return add_suggestion(self.grammar, part, fault)

    def _leaf(self, text: str, at: int) -> Condition:
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            raise self.fault(f"a condition may have at most {MAX_LEAVES} leaves", at)
        part = TextPart(text, at)
        try:
            return self.grammar.parse_leaf(part)
        except Problem as found:
            fault = found if self.mending else self._mended(part, found)
        raise self.fault(fault.message, at + fault.at, fault.suggestion)


def _phrase(text: str, grammar: Grammar) -> tuple[str, str]:
    """Return what to write instead of a schedule of another program or of plain English, and why;
    empty texts: it is none."""
    from rtd.language.phrases.other_schedules import explain, translate  # lazy: only for a mistake

    found = translate(text, lambda other: is_condition(other, grammar))
    if not found and text.strip().lower() in _AT_START:
        return "", "the daemon's start is no condition: write on_startup=True in the task"
    return (found, explain(text, found)) if found else ("", "")


def _no_text(value: object, grammar: Grammar) -> ConditionError:
    from rtd.language.phrases.other_schedules import translate  # lazy: only for a mistake

    instead = translate(value, lambda other: is_condition(other, grammar))
    return ConditionError(f"a condition is a text, not {type(value).__name__}", None, 0, instead)


def is_condition(text: str, grammar: Grammar = GRAMMAR) -> bool:
    """Whether a text can be read. Looks for no suggestion."""
    try:
        _Parser(text, grammar, mending=True).read()
    except ConditionError:
        return False
    return True


def parse(text: str | Condition, grammar: Grammar = GRAMMAR) -> Condition:
    """The condition that a text means; a condition is returned as it is.

    The same text gives the same object, as long as it is remembered. Takes at most 100,000
    characters, 1,000 leaves and a nesting of 100.

    Raises ConditionError, and nothing else, for what cannot be read.
    """
    if isinstance(text, Condition):
        return text
    if not isinstance(text, str):
        raise _no_text(text, grammar)
    known = grammar.cache.get(text)
    if known is not None:
        return known
    if len(text) > MAX_CHARS:
        message = f"a condition may have at most {MAX_CHARS:,} characters, not {len(text):,}"
        raise ConditionError(message, text[:1000])
    if not text.strip():
        raise ConditionError("the condition is empty", text, 0, "true")
    try:
        condition = _Parser(text, grammar).read()
    except ConditionError as found:
        if any(sign in text for sign in "()'\""):  # for others, its leaf has been translated
            better, why = _phrase(text, grammar)
            if better:
                raise ConditionError(why or found.problem, text, found.at, better) from None
        if found.text:
            raise
        raise ConditionError(found.problem, text, 0, found.suggestion) from None
    if len(grammar.cache) >= CACHE:
        grammar.cache.clear()
    if len(text) < 1000:
        grammar.cache[text] = condition
    return condition
