"""The five fields of a cron line, and the local minutes that they match.

Minutes are counted from 1970-01-01 00:00 by the wall clock. As in every cron, a minute matches
when all fields do; but when both days (of month, of week) are restricted, one of them suffices.
Source: crontab(5); a day field is restricted when it does not begin with `*`.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from rtd.language.core.errors import Problem, TextPart
from rtd.language.time.cycles import FIRST_DAY

PER_DAY = 24 * 60
MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
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


class CronField(NamedTuple):
    """A field of a line: its name, its range, and the names of its numbers."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def number(self, piece: TextPart) -> int:
        """A number of this field, or the name of one."""
        text = piece.text.lower()
        if text in self.names:
            return self.names.index(text) + self.low
        if not text.isdigit():
            message = f"`{piece.shown}` is not a number for the {self.name}"
            raise piece.problem(message, str(self.low))
        value = int(text) if len(text) < 10 else self.high + 1
        if not self.low <= value <= self.high:
            nearest = min(max(value, self.low), self.high)
            message = f"`{piece.shown}` is out of range: the {self.name} goes from {self.low} to"
            raise piece.problem(f"{message} {self.high}", str(nearest))
        return value


FIELDS = (
    CronField("minute", 0, 59),
    CronField("hour", 0, 23),
    CronField("day of the month", 1, 31),
    CronField("month", 1, 12, MONTH_NAMES),
    CronField("day of the week", 0, 7, DAY_NAMES),
)


def _mask(spec: CronField, text: TextPart) -> int:
    """The numbers that a field names, as bits."""
    mask, at = 0, text.at
    for piece in text.text.split(","):
        match = PIECE.fullmatch(piece)
        if not match:
            message = f"`{TextPart(piece).shown}` cannot be the {spec.name} of a cron line"
            raise TextPart(piece, at).problem(message, f"{spec.low}-{spec.high}")
        low, high = spec.low, spec.high
        if match[2]:
            low = spec.number(TextPart(match[2], at))
            if match[3]:
                high = spec.number(TextPart(match[3], at + match.start(3)))
            elif not match[4]:
                high = low
        if high < low:
            hint = f"{match[2]}-{spec.high},{spec.low}-{match[3]}"
            raise TextPart(piece, at).problem(f"`{piece}` runs backwards", hint)
        step = int(match[4] or 1)
        if not step:
            raise TextPart(piece, at).problem("a step of 0 never moves on", piece[:-1] + "1")
        mask |= sum(1 << n for n in range(low, high + 1, step))
        at += len(piece) + 1
    return mask


class Crontab(NamedTuple):
    """The numbers that each field allows, as bits; `either`: one of the two days suffices."""

    minutes: int
    hours: int
    days: int
    months: int
    weekdays: int
    either: bool

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
    found = pieces[: len(FIELDS)]
    try:
        for spec, piece in zip(FIELDS, found, strict=False):
            _mask(spec, piece)
    except Problem:
        return ""
    return " ".join([piece.text for piece in found] + ["*"] * (len(FIELDS) - len(found)))


def parse_crontab(part: TextPart) -> tuple[Crontab, str]:
    """The line's meaning, and its text with single blanks."""
    if len(part.text) > LONGEST:
        raise part.problem(f"a cron line may have at most {LONGEST} characters")
    pieces = [TextPart(m[0], part.at + m.start()) for m in re.finditer(r"\S+", part.text)]
    if len(pieces) != len(FIELDS):
        message = f"a cron line has 5 fields (minute hour day month weekday), not {len(pieces)}"
        raise part.problem(message, _five(pieces))
    masks = [_mask(spec, piece) for spec, piece in zip(FIELDS, pieces, strict=True)]
    weekdays = (masks[4] | masks[4] >> 7) & 0x7F
    either = not pieces[2].text.startswith("*") and not pieces[4].text.startswith("*")
    text = " ".join(piece.text.lower() for piece in pieces)
    minutes, hours, days, months, _ = masks
    if not either:
        _check_comes(days, months, pieces)
    return Crontab(minutes, hours, days, months, weekdays, either), text


def _check_comes(days: int, months: int, pieces: list[TextPart]) -> None:
    """Whether any of these days is in any of these months. Raises `Problem`."""
    longest = max(length for month, length in enumerate(LENGTHS, 1) if months >> month & 1)
    first = (days & -days).bit_length() - 1
    if first > longest:
        message = f"`{pieces[2].shown}` never comes in month `{pieces[3].shown}`"
        every_year = 28 if longest == 29 else longest
        raise pieces[2].problem(f"{message} (if that is meant, write `never`)", str(every_year))
