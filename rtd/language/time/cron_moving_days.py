"""Days of a cron line that have another number in each month: `L`, `L-2`, `friL`, `fri#3`."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from rtd.language.core.errors import TextPart

BEFORE_END = re.compile(r"L(?:-(\d{1,2}))?", re.IGNORECASE | re.ASCII)
NTH = re.compile(r"(\w+?)(?:#(\d)|(L))", re.IGNORECASE | re.ASCII)
WORKING_DAY = re.compile(r"(\d{0,2}|L)W", re.IGNORECASE | re.ASCII)
LAST = 0
"""In the place of a number: the last one of the month."""


class MovingDays(NamedTuple):
    """`before_end`: bit n is the day n days before the last one; `nth`: weekdays (Sunday is 0)
    with the number that they have in the month."""

    before_end: int
    nth: frozenset[tuple[int, int]]

    def has_day(self, when: date) -> int:
        """Whether it is such a day of the month, as a bit."""
        if not self.before_end:
            return 0
        return self.before_end >> (monthrange(when.year, when.month)[1] - when.day) & 1

    def has_weekday(self, when: date) -> int:
        """Whether it is such a weekday, as a bit."""
        weekday = when.isoweekday() % 7
        if (weekday, (when.day + 6) // 7) in self.nth:
            return 1
        is_last = when.day + 7 > monthrange(when.year, when.month)[1]
        return int(is_last and (weekday, LAST) in self.nth)


NO_MOVING_DAYS = MovingDays(0, frozenset())


def split_days(field: TextPart, mask: Callable[[TextPart], int]) -> tuple[int, int]:
    """The fixed days of a day field as bits, and those counted from the end of the month."""
    days = before_end = 0
    for piece in _pieces(field):
        match = BEFORE_END.fullmatch(piece.text)
        if match:
            distance = int(match[1] or 0)
            if distance > 30:
                raise piece.problem("a month has at most 31 days", "L-30")
            before_end |= 1 << distance
        elif working := WORKING_DAY.fullmatch(piece.text):
            message = f"`{piece.shown}` (the nearest working day) is not known here"
            raise piece.problem(message, working[1].upper() or "1")
        else:
            days |= mask(piece)
    return days, before_end


def split_weekdays(
    field: TextPart, mask: Callable[[TextPart], int], number: Callable[[TextPart], int]
) -> tuple[int, frozenset[tuple[int, int]]]:
    """The weekdays of a field that come every week, as bits, and those with a number."""
    weekdays, nth = 0, set[tuple[int, int]]()
    for piece in _pieces(field):
        match = NTH.fullmatch(piece.text)
        if match:
            day = number(TextPart(match[1], piece.at)) % 7
            which = LAST if match[3] else int(match[2])
            if not match[3] and not 1 <= which <= 5:
                nearest = f"{match[1]}#{min(max(which, 1), 5)}"
                raise piece.problem("a weekday comes at most 5 times in a month", nearest)
            nth.add((day, which))
        elif piece.text.upper() == "L":
            raise piece.problem("the last of which weekday?", "friL")
        else:
            weekdays |= mask(piece)
    return weekdays, frozenset(nth)


def _pieces(field: TextPart) -> list[TextPart]:
    found, at = [], field.at
    for text in field.text.split(","):
        found.append(TextPart(text, at))
        at += len(text) + 1
    return found
