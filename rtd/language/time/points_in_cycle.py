"""The cycles (minute, hour, day, week, month) and the points of time named inside them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from rtd.language.core.durations import DAY, HOUR, MINUTE, SECOND
from rtd.language.core.errors import Problem, TextPart
from rtd.language.time.moving_days import (
    DAY_NAMES,
    SHORT_DAYS,
    WEEKDAYS,
    MovingDay,
    moving_words,
    parse_moving_day,
)

SECONDS = re.compile(r"\d{1,2}", re.ASCII)
MINUTES = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
HALF_DAY = re.compile(r"(\d{1,2})(?::(\d{2}))?(?::(\d{2}))? ?(am|pm)", re.ASCII | re.IGNORECASE)
MONTH_DAY = re.compile(r"(\d{1,2})(st|nd|rd|th|\.)?", re.ASCII)


class Cycle(Enum):
    """A stretch of time that repeats. Its value is the word for it."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def adverb(self) -> str:
        """`daily`, `hourly`..."""
        return "daily" if self is Cycle.DAY else f"{self.value}ly"

    @property
    def current(self) -> str:
        """`today`, `this hour`..."""
        return "today" if self is Cycle.DAY else f"this {self.value}"


LENGTH = {Cycle.MINUTE: MINUTE, Cycle.HOUR: HOUR, Cycle.DAY: DAY, Cycle.WEEK: 7 * DAY}
LENGTH[Cycle.MONTH] = 31 * DAY
SMALLER = {
    Cycle.MINUTE: SECOND,
    Cycle.HOUR: MINUTE,
    Cycle.DAY: HOUR,
    Cycle.WEEK: DAY,
    Cycle.MONTH: DAY,
}
"""One smaller unit of each cycle, microseconds: how long `on S` lasts."""


@dataclass(frozen=True, slots=True)
class CyclePoint:
    """A point of a cycle: a day of it (from 0) and a time of that day or cycle, microseconds.

    Without a time it names the whole day. A moving day has another number in each month; `day` is
    then the earliest.
    """

    day: int
    time_us: int | None
    moving: MovingDay | None = None

    @property
    def start_us(self) -> int:
        """Where it begins, from the start of the cycle."""
        return self.day * DAY + (self.time_us or 0)

    @property
    def end_us(self) -> int:
        """Where it ends when it is named as an end: a day means the whole day."""
        return (self.day + 1) * DAY if self.time_us is None else self.start_us

    @property
    def latest_shift_us(self) -> int:
        """How much later it can be than `start_us` and `end_us` say."""
        return 0 if self.moving is None else (self.moving.latest - self.moving.earliest) * DAY


def parse_point(cycle: Cycle, part: TextPart) -> CyclePoint:
    """Return the point that `08:00`, `Mon 08:00`, `13th`, `30:00` or `45` names in this cycle."""
    part = part.stripped()
    if cycle is Cycle.MINUTE:
        return CyclePoint(0, _seconds(part))
    if cycle is Cycle.HOUR:
        return CyclePoint(0, _minutes(part))
    if cycle is Cycle.DAY:
        return CyclePoint(0, parse_time(part))
    if cycle is Cycle.MONTH:
        if part.text.startswith("the "):
            part = TextPart(part.text[4:], part.at + 4).stripped()
        if (found := parse_moving_day(part)) is not None:
            return _with_time(found, part)
    word, _, rest = part.text.partition(" ")
    day = (_weekday if cycle is Cycle.WEEK else _month_day)(TextPart(word, part.at))
    time_us = parse_time(TextPart(rest, part.at + len(word) + 1)) if rest else None
    return CyclePoint(day, time_us)


def _with_time(found: MovingDay | int, part: TextPart) -> CyclePoint:
    length = moving_words(part)
    rest = TextPart(part.text[length:], part.at + length).stripped()
    time_us = parse_time(rest) if rest.text else None
    if isinstance(found, MovingDay):
        return CyclePoint(found.earliest, time_us, found)
    return CyclePoint(found, time_us)


def format_point(cycle: Cycle, moment: CyclePoint) -> str:
    """The words for it; they parse back to it."""
    time_us = moment.time_us or 0
    if cycle is Cycle.MINUTE:
        return f"{time_us // SECOND:02d}"
    if cycle is Cycle.HOUR:
        return f"{time_us // MINUTE:02d}:{time_us // SECOND % 60:02d}"
    if cycle is Cycle.DAY:
        return format_time(time_us)
    name = WEEKDAYS[moment.day] if cycle is Cycle.WEEK else ordinal(moment.day + 1)
    if moment.moving is not None:
        name = str(moment.moving)
    return name if moment.time_us is None else f"{name} {format_time(time_us)}"


def format_time(time_us: int) -> str:
    """`08:00` or `08:00:30`."""
    seconds = time_us // SECOND % 60
    tail = f":{seconds:02d}" if seconds else ""
    return f"{time_us // HOUR:02d}:{time_us // MINUTE % 60:02d}{tail}"


def ordinal(day: int) -> str:
    """`1st`, `2nd`, `13th`."""
    last = 0 if 10 < day < 14 else day % 10
    return f"{day}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def _seconds(part: TextPart) -> int:
    if not SECONDS.fullmatch(part.text):
        raise part.problem(
            f"`{part.shown}` is not a second of a minute (SS)", _digits(part, "{:02d}")
        )
    if int(part.text) > 59:
        raise part.problem("seconds go from 00 to 59", "59")
    return int(part.text) * SECOND


def _minutes(part: TextPart) -> int:
    match = MINUTES.fullmatch(part.text)
    if not match:
        hint = _digits(part, "{:02d}:00")
        raise part.problem(f"`{part.shown}` is not a time of an hour (MM:SS)", hint)
    minute, second = int(match[1]), int(match[2])
    if minute > 59 or second > 59:
        hint = f"{min(minute, 59):02d}:{min(second, 59):02d}"
        raise part.problem("minutes and seconds go from 00 to 59", hint)
    return minute * MINUTE + second * SECOND


def _digits(part: TextPart, form: str) -> str:
    digits = "".join(c for c in part.text if c in "0123456789")[:2]
    return form.format(min(int(digits), 59)) if digits else form.format(30)


def parse_time(part: TextPart) -> int:
    """A time of day (`HH:MM`, `HH:MM:SS`, `2 PM`) in microseconds since midnight."""
    part = part.stripped()
    if match := CLOCK.fullmatch(part.text):
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        if hour > 23 or minute > 59 or second > 59:
            raise _beyond(part, hour, minute, second)
        return hour * HOUR + minute * MINUTE + second * SECOND
    if match := HALF_DAY.fullmatch(part.text):
        hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
        if not 1 <= hour <= 12 or minute > 59 or second > 59:
            noon = f"12 {match[4].upper()}"
            hint = f"{hour}:{minute:02d}" if 12 < hour < 24 and minute < 60 else noon
            raise part.problem(f"`{part.shown}` is not a time of day; hours go from 1 to 12", hint)
        late = match[4].lower() == "pm"
        return (hour % 12 + 12 * late) * HOUR + minute * MINUTE + second * SECOND
    number = re.match(r"\d{1,2}(?!\d)", part.text, re.ASCII)
    hint = f"{min(int(number[0]), 23):02d}:00" if number else "08:00"
    raise part.problem(f"`{part.shown}` is not a time of day (HH:MM)", hint)


def _beyond(part: TextPart, hour: int, minute: int, second: int) -> Problem:
    if (hour, minute, second) == (24, 0, 0):
        return part.problem("the day ends where the next begins", "00:00")
    parts = [min(hour, 23), min(minute, 59), min(second, 59)]
    hint = ":".join(f"{n:02d}" for n in parts[: 2 + part.text.count(":") - 1])
    return part.problem(f"`{part.shown}` is not a time of day (00:00 to 23:59)", hint)


def _weekday(part: TextPart) -> int:
    day = DAY_NAMES.get(part.text.lower())
    if day is None:
        hint = WEEKDAYS[SHORT_DAYS.get(part.text[:3].lower(), 0)]
        hint = "Sunday" if part.text.lower() == "last" else hint
        raise part.problem(f"`{part.shown}` is not a day of the week", hint)
    return day


def _month_day(part: TextPart) -> int:
    match = MONTH_DAY.fullmatch(part.text)
    if not match:
        number = re.match(r"\d+", part.text, re.ASCII)
        hint = ordinal(min(max(int(number[0][:4]), 1), 31)) if number else "1st"
        hint = "last day" if part.text.lower().startswith(("l", "end")) else hint
        days = "1st to 31st, last day, last Friday, 3rd Friday"
        raise part.problem(f"`{part.shown}` is not a day of the month ({days})", hint)
    day = int(match[1])
    if not 1 <= day <= 31:
        raise part.problem("days of a month go from 1st to 31st", "31st" if day else "1st")
    if match[2] not in (None, ".", ordinal(day)[-2:]):
        raise part.problem(f"`{part.shown}` is misspelt", ordinal(day))
    return day - 1
