"""`cron 0 8 * * mon-fri`: now lies in a matching minute, in which this task has not started yet.

Around a change of clocks, a line that restricts the hour happens once for each local minute that
it names: minutes that the clocks skip are taken together at the first minute after the gap,
minutes that come twice at their first coming. A line with `*` for the hour follows the clock: it
goes on in an hour that comes twice, and has nothing to make up for in one that is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from re import Match
from typing import ClassVar

from rtd.language.core.durations import MINUTE
from rtd.language.core.evaluation import ME, Evaluation, Poll
from rtd.language.core.leaf import Form, Leaf, text_part
from rtd.language.core.run_history import RUN
from rtd.language.core.time_zones import NEVER, Zone
from rtd.language.core.view import View
from rtd.language.time.crontab import Crontab, parse_crontab


@dataclass(frozen=True, slots=True, repr=False)
class Cron(Leaf):
    """The current minute matches the crontab line, and this task has not started in it."""

    text: str
    line: Crontab = field(compare=False)
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.TIME})

    def evaluate(self, view: View) -> Evaluation:
        minute = self.minute_at(view.zone, view.now_us)
        if minute is not None:
            started = view.last_start()
            if started is None or started < minute:
                return True, minute + MINUTE
        return False, self.next_start(view.zone, view.now_us)

    def minute_at(self, zone: Zone, at_us: int) -> int | None:
        """When the matching minute began in which an instant lies."""
        offset, began, _ = zone.offset_interval(at_us)
        local = (at_us + offset) // MINUTE
        start = local * MINUTE - offset
        if self.line.every_hour:
            return max(start, began) if self.line.matches(local) else None
        if self.line.matches(local) and zone.instant(local * MINUTE) == start:
            return start
        if at_us - began >= MINUTE:
            return None
        shown = began + zone.offset(began - 1)  # what the clock would have shown at its change
        skipped = self.line.upcoming(-(-shown // MINUTE))
        return began if skipped is not None and skipped * MINUTE < began + offset else None

    def next_start(self, zone: Zone, at_us: int) -> int:
        """When the next matching minute begins; NEVER when none will."""
        offset, _, until = zone.offset_interval(at_us)
        minute = self.line.upcoming((at_us + offset) // MINUTE + 1)
        if not self.line.every_hour:
            while minute is not None and zone.instant(minute * MINUTE) <= at_us:
                minute = self.line.upcoming(minute + 1)  # its second coming
            return NEVER if minute is None else zone.instant(minute * MINUTE)
        while minute is not None and minute * MINUTE - offset >= until:
            began = until
            offset, _, until = zone.offset_interval(began)
            minute = self.line.upcoming(-(-(began + offset) // MINUTE))
        return NEVER if minute is None else minute * MINUTE - offset

    def fact(self, view: View) -> str:
        minute = self.minute_at(view.zone, view.now_us)
        following = view.format_time(self.next_start(view.zone, view.now_us))
        now = f"it is {view.format_time(view.now_us)}"
        if minute is None:
            return f"{now}, the next matching minute begins at {following}"
        started = view.last_start()
        if started is None or started < minute:
            return f"{now}, a matching minute, and this task has not started in it"
        began = view.format_time(started)
        if started != view.latest(view.task, (RUN,)):
            return f"the start time was used up without a run {began}; the next is {following}"
        return f"this task started in this minute, {began}; the next begins at {following}"

    def events(self) -> Iterator[tuple[str, str]]:
        yield ME, RUN

    def __str__(self) -> str:
        return f"cron {self.text}"


def read(match: Match[str]) -> Cron:
    """Make the leaf of its text."""
    line, text = parse_crontab(text_part(match, 1))
    return Cron(text, line)


Cron.forms = (Form(("cron",), r"cron ?(.*)", read, ("cron 0 8 * * *", "cron */5 * * * mon-fri")),)
