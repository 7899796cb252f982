"""Conditions about the time, as objects: `daily.between("08:00", "10:00") | every("10 minutes")`.

Texts in them are written as in the language; spans may be timedeltas too. Raises ConditionError
for a text that cannot be read.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from rtd.language.core.durations import span_us
from rtd.language.core.errors import parse_text
from rtd.language.leaves.constant import FALSE, TRUE
from rtd.language.leaves.cron import Cron
from rtd.language.leaves.every import Every
from rtd.language.leaves.periodic import Periodic
from rtd.language.leaves.time_of_day import TimeOf, read_limit
from rtd.language.time.crontab import parse_crontab
from rtd.language.time.points_in_cycle import Cycle
from rtd.language.time.windows import Window

always = true = TRUE
never = false = FALSE
minutely = Periodic(Window(Cycle.MINUTE))
hourly = Periodic(Window(Cycle.HOUR))
daily = Periodic(Window(Cycle.DAY))
weekly = Periodic(Window(Cycle.WEEK))
monthly = Periodic(Window(Cycle.MONTH))


class TimeOfCycle:
    """`time of day` and so on, waiting for its limit."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle

    def before(self, end: str) -> TimeOf:
        """From the start of the cycle to `end`; a day named as an end is meant whole."""
        return self._limited(f"before {end}")

    def after(self, start: str) -> TimeOf:
        """From `start` to the end of the cycle."""
        return self._limited(f"after {start}")

    def between(self, start: str, end: str) -> TimeOf:
        """From `start` to `end`, over the end of the cycle when `start` is the later one."""
        return self._limited(f"between {start} and {end}")

    def on(self, start: str) -> TimeOf:
        """A day from `start`, of a week or a month."""
        return self._limited(f"on {start}")

    def _limited(self, limit: str) -> TimeOf:
        return parse_text(partial(read_limit, self._cycle), limit)


time_of_minute = TimeOfCycle(Cycle.MINUTE)
time_of_hour = TimeOfCycle(Cycle.HOUR)
time_of_day = TimeOfCycle(Cycle.DAY)
time_of_week = TimeOfCycle(Cycle.WEEK)
time_of_month = TimeOfCycle(Cycle.MONTH)


def every(span: str | timedelta) -> Every:
    """No run of this task started in the span before now."""
    return Every(span_us(span))


def cron(line: str) -> Cron:
    """Now lies in a minute that the line matches, and this task has not started in it."""
    found, text = parse_text(parse_crontab, line)
    return Cron(text, found)
