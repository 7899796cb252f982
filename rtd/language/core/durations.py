"""Spans of time: `10 minutes`, `1 hour, 30 min`, `1h30m`, `01:30:00`. In whole microseconds."""

from __future__ import annotations

import re
from datetime import timedelta

from rtd.language.core.errors import ConditionError, Problem, TextPart, parse_text

MS = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
LONGEST = 1_000_000 * DAY
LONGEST_TEXT = 200

UNITS = {
    word: size
    for words, size in (
        ("w week weeks", WEEK),
        ("d day days", DAY),
        ("h hr hour hours", HOUR),
        ("m min minute minutes", MINUTE),
        ("s sec second seconds", SECOND),
        ("ms", MS),
    )
    for word in words.split()
}
UNIT_HELP = "w, d, h, m, s, ms or week, day, hour, minute, second"
CLOSE_UNITS = {
    "wk": "week", "wks": "weeks", "hrs": "hours", "mins": "minutes", "secs": "seconds",
    "msec": "ms", "millisecond": "ms", "milliseconds": "ms",
}  # fmt: skip
CLOCK = re.compile(r"(\d{1,9}):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?(?![\d:])", re.ASCII)
PIECE = re.compile(r"(\d+)?(?:\.(\d+))? ?([^\W\d_]+)?", re.ASCII)
SEPARATOR = re.compile(r" and | ?, ?(?:and )?| |")
SHOWN = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))


def parse_span(part: TextPart) -> int:
    """The span that a text names, in microseconds: more than none, rounded to a microsecond."""
    part = part.stripped()
    text, total, at = part.text, 0, 0
    if not text:
        raise part.problem("a span of time is missing", "10 minutes")
    if len(text) > LONGEST_TEXT:
        raise part.problem(f"a span of time may have at most {LONGEST_TEXT} characters")
    if text.startswith("-"):
        raise part.problem("a span of time cannot be negative", text.lstrip("- "))
    while at < len(text):
        if clock := CLOCK.match(text, at):
            hours, minutes, seconds, fraction = clock.groups()
            total += int(hours) * HOUR + int(minutes) * MINUTE + int(seconds) * SECOND
            total += _fraction(fraction, SECOND)
            at = clock.end()
        else:
            size, at = _piece(part, at)
            total += size
        separator = SEPARATOR.match(text, at)
        at = separator.end() if separator and separator.end() < len(text) else at
    if not total:
        raise part.problem("a span of time must be longer than nothing", "1 second")
    if total > LONGEST:
        raise part.problem("this span of time is longer than a million days")
    return total


def _piece(part: TextPart, at: int) -> tuple[int, int]:
    """One number and its unit, and where the text goes on."""
    piece = PIECE.match(part.text, at)
    whole, fraction, unit = piece.groups() if piece else (None, None, None)
    if piece is None or (whole is None and fraction is None):
        word = part.text[at : at + 20]
        raise part.problem(
            f"`{word}` is not a span of time (a number and a unit)", "10 minutes", at
        )
    if len(whole or "") > 15 or len(fraction or "") > 15:
        raise part.problem("this number is too long", "", at)
    if unit is None:
        raise _no_unit(part, at, piece.end())
    size = UNITS.get(unit)
    if size is None:
        raise _wrong_unit(part, unit, piece.start(3))
    return int(whole or 0) * size + _fraction(fraction, size), piece.end()


def _fraction(digits: str | None, unit_us: int) -> int:
    """That part of a unit, in microseconds, rounded half up."""
    if not digits:
        return 0
    scale: int = 10 ** len(digits)
    return (2 * int(digits) * unit_us + scale) // (2 * scale)


def _no_unit(part: TextPart, start: int, end: int) -> Problem:
    text = part.text
    if part.text[end : end + 1] == ":":
        hint = f"{text}:00" if text.count(":") == 1 else "01:30:00"
        return part.problem(f"`{text}` is not a span of time; write HH:MM:SS", hint, start)
    number = text[start:end].strip()
    message = f"which unit? `{number}` of what ({UNIT_HELP})"
    return part.problem(message, f"{number} seconds", start)


def _wrong_unit(part: TextPart, unit: str, at: int) -> Problem:
    known = unit.lower()
    close = known if known in UNITS else CLOSE_UNITS.get(known, "")
    if not close:
        close = next((word for word in UNITS if len(word) > 3 and word[:3] == known[:3]), "")
    return part.problem(f"`{unit}` is not a unit of time ({UNIT_HELP})", close, at)


def format_span(span_us: int) -> str:
    """The plain words for a span: `1 hour 30 minutes`. Parses back to the same span."""
    words = []
    for size, unit in SHOWN:
        count, span_us = divmod(span_us, size)
        if count:
            words.append(f"{count} {unit}{'' if count == 1 else 's'}")
    if span_us:
        whole, rest = divmod(span_us, MS)
        fraction = f".{rest:03d}".rstrip("0") if rest else ""
        words.append(f"{whole}{fraction} ms")
    return " ".join(words)


def span_us(value: str | timedelta) -> int:
    """A span given by a program, as text or timedelta, in microseconds."""
    if isinstance(value, timedelta):
        size = value // timedelta(microseconds=1)
        if not 0 < size <= LONGEST:
            raise ConditionError(f"a span of time must be longer than nothing, not {value}")
        return size
    if not isinstance(value, str):
        raise ConditionError(
            f"a span of time is a text or a timedelta, not {value!r}", suggestion=f"{value} seconds"
        )
    return parse_text(parse_span, value)
