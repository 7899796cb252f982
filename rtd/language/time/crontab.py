"""The five fields of a cron line, and the local minutes that they match.

Minutes are counted from 1970-01-01 00:00 by the wall clock. As in every cron, a minute matches
when all fields do; but when both days (of month, of week) are restricted, one of them suffices.
Source: crontab(5); a day field is restricted when it does not begin with `*`. Of other crons there
are `L` (the last day of the month; `L-2`, two days before it), `friL` (the last Friday) and `fri#3`
(the third).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import NamedTuple

from rtd.language.core.errors import Problem, TextPart
from rtd.language.time.cron_field import DAY_NAMES, DAYS, FIELDS, WEEKDAYS, CronField
from rtd.language.time.cron_moving_days import (
    NO_MOVING_DAYS,
    MovingDays,
    split_days,
    split_weekdays,
)
from rtd.language.time.cycles import FIRST_DAY

PER_DAY = 24 * 60
PIECE = re.compile(r"(\*|(\w+)(?:-(\w+))?)(?:/(\d{1,4}))?", re.ASCII)
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
"""Words that other crons take instead of the fields; an error suggests the fields they mean."""
LAST_DAY = date.max.toordinal() - FIRST_DAY - 400
LONGEST = 1000
HORIZON = 14_700
"""Days in which every date comes at least once on each weekday (29 February, around 2100 too)."""
LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""How many days each month has at most."""


def _mask(spec: CronField, text: TextPart) -> int:
    """The numbers that a field names, as bits."""
    mask = 0
    for piece in _pieces(text):
        mask |= _numbers(spec, piece)
    return mask


def _pieces(text: TextPart) -> Iterator[TextPart]:
    at = text.at
    for piece in text.text.split(","):
        yield TextPart(piece, at)
        at += len(piece) + 1


def _numbers(spec: CronField, piece: TextPart) -> int:
    """The numbers that a part of a field names, as bits."""
    match = PIECE.fullmatch(piece.text)
    if not match:
        message = f"`{piece.shown}` cannot be the {spec.name} of a cron line"
        raise piece.problem(message, "*" if piece.text == "?" else f"{spec.low}-{spec.high}")
    low, high = spec.low, spec.high
    if match[2]:
        low = spec.number(TextPart(match[2], piece.at))
        if match[3]:
            high = spec.number(TextPart(match[3], piece.at + match.start(3)))
            if high == 0 < low and spec.names is DAY_NAMES:
                high = 7  # a Sunday ends the week
        elif not match[4]:
            high = low
    step = int(match[4] or 1)
    if not step:
        hint = f"{piece.text.partition('/')[0]}/1"
        raise piece.problem("a step of 0 never moves on", hint)
    if high < low:
        raise piece.problem(f"`{piece.shown}` runs backwards", _forwards(spec, low, high, step))
    return sum(1 << n for n in range(low, high + 1, step))


def _forwards(spec: CronField, low: int, high: int, step: int) -> str:
    """Return ranges with the same numbers as a range over the end of the field."""
    top = 6 if spec.names is DAY_NAMES else spec.high
    if step == 1:
        pairs = [(low, top), (spec.low, high)]
        return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in pairs)
    ring = range(low, high + top - spec.low + 2, step)
    return ",".join(str(n if n <= top else n - top - 1 + spec.low) for n in ring)


class Crontab(NamedTuple):
    """The numbers that each field allows, as bits; `either`: one of the two days suffices."""

    minutes: int
    hours: int
    days: int
    months: int
    weekdays: int
    either: bool
    moving: MovingDays = NO_MOVING_DAYS

    @property
    def every_hour(self) -> bool:
        """Whether the line allows all hours."""
        return self.hours == (1 << 24) - 1

    def matches(self, minute: int) -> bool:
        """Whether a local minute matches."""
        day, of_day = divmod(minute, PER_DAY)
        hour, of_hour = divmod(of_day, 60)
        return bool(self.minutes >> of_hour & 1 and self.hours >> hour & 1) and self._on(day)

    def _on(self, day: int) -> bool:
        when = date.fromordinal(day + FIRST_DAY)
        if not self.months >> when.month & 1:
            return False
        of_month = self.days >> when.day & 1
        of_week = self.weekdays >> when.isoweekday() % 7 & 1
        if self.moving is not NO_MOVING_DAYS:
            of_month |= self.moving.has_day(when)
            of_week |= self.moving.has_weekday(when)
        return bool(of_month | of_week if self.either else of_month & of_week)

    def upcoming(self, minute: int) -> int | None:
        """The first local minute that matches, from this one on; None: none will."""
        day, of_day = divmod(minute, PER_DAY)
        last = min(day + HORIZON, LAST_DAY)
        while day <= last:
            if self._on(day):
                found = self._in_day(of_day)
                if found is not None:
                    return day * PER_DAY + found
            elif not self.months >> (when := date.fromordinal(day + FIRST_DAY)).month & 1:
                day += max(0, 27 - when.day)  # to near the end of a month that is not meant
            day, of_day = day + 1, 0
        return None

    def _in_day(self, of_day: int) -> int | None:
        """The first matching minute of a matching day, from this one on."""
        hour, of_hour = divmod(of_day, 60)
        if self.hours >> hour & 1 and (rest := self.minutes >> of_hour):
            return of_day + (rest & -rest).bit_length() - 1
        later = self.hours >> (hour + 1)
        if not later:
            return None
        first = (self.minutes & -self.minutes).bit_length() - 1
        return (hour + (later & -later).bit_length()) * 60 + first


def _five(pieces: list[TextPart]) -> str:
    """The nearest line of five fields, empty if what is there cannot be read."""
    if len(pieces) == 1 and pieces[0].text.lower() in NICKNAMES:
        return NICKNAMES[pieces[0].text.lower()]
    if not pieces:
        return ""
    texts = ["*" if piece.text == "?" else piece.text for piece in pieces]
    if len(texts) > len(FIELDS) and texts[0].isdigit():
        texts = texts[1:]  # other crons begin with the seconds
    found = texts[: len(FIELDS)]
    try:
        for spec, text in zip(FIELDS, found, strict=False):
            _check_field(spec, TextPart(text))
    except Problem:
        return ""
    return " ".join(found + ["*"] * (len(FIELDS) - len(found)))


def _check_field(spec: CronField, text: TextPart) -> None:
    """Whether a field can be read. Raises `Problem`."""
    if spec is DAYS:
        split_days(text, partial(_mask, spec))
    elif spec is WEEKDAYS:
        split_weekdays(text, partial(_mask, spec), spec.number)
    else:
        _mask(spec, text)


def parse_crontab(part: TextPart) -> tuple[Crontab, str]:
    """The line's meaning, and its text with single blanks."""
    if len(part.text) > LONGEST:
        raise part.problem(f"a cron line may have at most {LONGEST} characters")
    pieces = [TextPart(m[0], part.at + m.start()) for m in re.finditer(r"\S+", part.text)]
    if len(pieces) != len(FIELDS):
        message = f"a cron line has 5 fields (minute hour day month weekday), not {len(pieces)}"
        raise part.problem(message, _five(pieces))
    minutes, hours, months = (_mask(FIELDS[at], pieces[at]) for at in (0, 1, 3))
    days, before_end = split_days(pieces[2], partial(_mask, DAYS))
    of_week, nth = split_weekdays(pieces[4], partial(_mask, WEEKDAYS), WEEKDAYS.number)
    either = not pieces[2].text.startswith("*") and not pieces[4].text.startswith("*")
    if not either:
        _check_comes(days, before_end, months, pieces)
    moving = MovingDays(before_end, nth) if before_end or nth else NO_MOVING_DAYS
    weekdays = (of_week | of_week >> 7) & 0x7F
    texts = [piece.text.lower() for piece in pieces]
    texts[2] = texts[2].upper()
    texts[4] = re.sub(r"l(?=,|$)", "L", texts[4])
    return Crontab(minutes, hours, days, months, weekdays, either, moving), " ".join(texts)


def _check_comes(days: int, before_end: int, months: int, pieces: list[TextPart]) -> None:
    """Whether any of these days is in any of these months. Raises `Problem`."""
    longest = max(length for month, length in enumerate(LENGTHS, 1) if months >> month & 1)
    first = (days & -days).bit_length() - 1 if days else LENGTHS[0] + 1
    latest = (before_end & -before_end).bit_length() - 1 if before_end else longest
    if first > longest and latest >= longest:
        message = f"`{pieces[2].shown}` never comes in month `{pieces[3].shown}`"
        every_year = 28 if longest == 29 else longest
        raise pieces[2].problem(f"{message} (if that is meant, write `never`)", str(every_year))
