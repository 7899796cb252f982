"""A field of a cron line: its range, its names, and the numbers that they stand for."""

from __future__ import annotations

import re
from typing import NamedTuple

from rtd.language.core.errors import TextPart

MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


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
            message = (
                f"`{piece.shown}` is not a number for the {self.name}, {self.low} to {self.high}"
            )
            if self.names:
                message += f", nor one of {self.names[0]} to {self.names[-1]}"
            raise piece.problem(message, self._near(text))
        value = int(text) if len(text) < 10 else self.high + 1
        if not self.low <= value <= self.high:
            nearest = min(max(value, self.low), self.high)
            message = f"`{piece.shown}` is out of range: the {self.name} goes from {self.low} to"
            raise piece.problem(f"{message} {self.high}", str(nearest))
        return value

    def _near(self, text: str) -> str:
        """The number or name at the beginning of a text that is neither; empty: there is none."""
        if text[:3] in self.names:  # `monday`, `sept`
            return text[:3]
        digits = re.match("[0-9]{1,2}", text)  # `8am`
        return digits[0] if digits and self.low <= int(digits[0]) <= self.high else ""


DAYS = CronField("day of the month", 1, 31)
WEEKDAYS = CronField("day of the week", 0, 7, DAY_NAMES)
FIELDS = (
    CronField("minute", 0, 59),
    CronField("hour", 0, 23),
    DAYS,
    CronField("month", 1, 12, MONTH_NAMES),
    WEEKDAYS,
)
