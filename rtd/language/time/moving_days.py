"""Days that have another number in each month: the last day, the last Friday, the 3rd Friday."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from rtd.language.core.errors import TextPart

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHORT_DAYS = {name[:3].lower(): i for i, name in enumerate(WEEKDAYS)}
DAY_NAMES = {name.lower(): i for i, name in enumerate(WEEKDAYS)} | SHORT_DAYS
LAST = 0
"""In the place of a number: the last one."""
NUMBERS = ("last", "1st", "2nd", "3rd", "4th", "5th")
WORDS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
WORDS |= {word: number for number, word in enumerate(NUMBERS)}
MOVING = re.compile(rf"({'|'.join(WORDS)}) ([a-z]+)", re.IGNORECASE)
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday."""


@dataclass(frozen=True, slots=True)
class MovingDay:
    """The first to fifth of a weekday in a month, or the last; without a weekday the last day."""

    number: int
    weekday: int | None

    @property
    def earliest(self) -> int:
        """The earliest day of a month, from 0, that it can be."""
        if self.weekday is None:
            return 27
        return 21 if self.number == LAST else 7 * self.number - 7

    @property
    def latest(self) -> int:
        """The latest day of a month, from 0, that it can be."""
        return 30 if self.number == LAST else 7 * self.number - 1

    def day_in(self, first: int, length: int) -> int:
        """The day, from 0, of a month; beyond its length in a month that lacks it.

        Args:
            first: the month's first day, in days since 1970.
            length: how many days it has.
        """
        if self.weekday is None:
            return length - 1
        day = (self.weekday - first - EPOCH_WEEKDAY) % 7
        if self.number == LAST:
            return day + (length - 1 - day) // 7 * 7
        return day + 7 * (self.number - 1)

    def __str__(self) -> str:
        name = "day" if self.weekday is None else WEEKDAYS[self.weekday]
        return f"{NUMBERS[self.number]} {name}"


def parse_moving_day(part: TextPart) -> MovingDay | int | None:
    """The day that the first two words name: moving, or fixed as a number from 0.

    None when they are no such words. Raises Problem for a day that no month has.
    """
    match = MOVING.match(part.text)
    if not match:
        return None
    number, name = WORDS[match[1].lower()], match[2].lower()
    if name == "day":
        return MovingDay(LAST, None) if number == LAST else number - 1
    weekday = DAY_NAMES.get(name)
    if weekday is None:
        if number != LAST and match[1].lower() not in ("first", "second", "third"):
            return None  # a number of a day, and a time after it
        near = next(iter(get_close_matches(name, [*DAY_NAMES, "day"], 1, 0.5)), "friday")
        hint = f"{NUMBERS[number]} {near if near == 'day' else WEEKDAYS[DAY_NAMES[near]]}"
        raise part.problem(f"`{TextPart(match[0]).shown}` is not a day of a month", hint)
    return MovingDay(number, weekday)


def moving_words(part: TextPart) -> int:
    """How many characters the two words have."""
    match = MOVING.match(part.text)
    return match.end() if match else 0
