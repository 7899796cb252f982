"""Where the cycles of a zone begin, around its clock changes too.

A cycle is named by an int, its key: of a day, week or month the local number of its first day
(days since 1970), of a minute or an hour the instant at which it begins.

Days, weeks and months are stretches of the calendar, so each local time happens once: see
`Zone.instant`. Minutes and hours are stretches of the clock: a new one begins whenever the clock
shows a new one, by going on or by being changed. So the hour that comes twice in autumn is two
hours (an hourly task runs in both), and the one that is skipped in spring is none. Where the
clock moves by part of an hour (Lord Howe Island), an hour that goes on after the change is one,
and each time in it is its first coming.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

from rtd.language.core.durations import DAY
from rtd.language.core.time_zones import Zone
from rtd.language.time.points_in_cycle import LENGTH, Cycle

FIRST_DAY = date(1970, 1, 1).toordinal()
MONDAY = 3
"""Days from a Monday to 1970-01-01, a Thursday."""


class CycleCalendar(Protocol):
    """The cycles of one kind."""

    def key(self, zone: Zone, at_us: int) -> int:
        """The cycle in which an instant lies."""

    def next(self, zone: Zone, key: int) -> int:
        """The cycle after."""

    def previous(self, zone: Zone, key: int) -> int:
        """The cycle before."""

    def instant(self, zone: Zone, key: int, point_us: int) -> int:
        """The instant of a point of a cycle."""

    def duration_us(self, zone: Zone, key: int) -> int:
        """How long the cycle is by the calendar, microseconds."""


class _Days:
    """Days, weeks and months."""

    __slots__ = ("cycle",)

    def __init__(self, cycle: Cycle) -> None:
        self.cycle = cycle

    def key(self, zone: Zone, at_us: int) -> int:
        offset, began, _ = zone.offset_interval(at_us)
        key = self._first((at_us + offset) // DAY)
        if at_us - began < DAY:  # turned back over midnight, the next day has begun already
            after = self.next(zone, key)
            if zone.instant(after * DAY) <= at_us:
                return after
        return key

    def _first(self, day: int) -> int:
        if self.cycle is Cycle.DAY:
            return day
        if self.cycle is Cycle.WEEK:
            return day - (day + MONDAY) % 7
        return day - date.fromordinal(day + FIRST_DAY).day + 1

    def next(self, zone: Zone, key: int) -> int:
        if self.cycle is Cycle.DAY:
            return key + 1
        return key + 7 if self.cycle is Cycle.WEEK else self._first(key + 31)

    def previous(self, zone: Zone, key: int) -> int:
        return self._first(key - 1)

    def instant(self, zone: Zone, key: int, point_us: int) -> int:
        return zone.instant(key * DAY + point_us)

    def duration_us(self, zone: Zone, key: int) -> int:
        return (self.next(zone, key) - key) * DAY


class _Ticks:
    """Minutes and hours."""

    __slots__ = ("length",)

    def __init__(self, length_us: int) -> None:
        self.length = length_us

    def key(self, zone: Zone, at_us: int) -> int:
        offset, began, _ = zone.offset_interval(at_us)
        into = (at_us + offset) % self.length
        if at_us - into >= began:
            return at_us - into
        old = zone.offset(began - 1)
        goes_on = self._goes_on(began, old, offset)
        return began - 1 - (began - 1 + old) % self.length if goes_on else began

    def _goes_on(self, change_us: int, old: int, new: int) -> bool:
        """Whether the cycle before a change of the clock is still the same one after it."""
        last, first = change_us - 1 + old, change_us + new
        return last // self.length == first // self.length and first % self.length != 0

    def next(self, zone: Zone, key: int) -> int:
        offset, _, until = zone.offset_interval(key)
        end = key + self.length - (key + offset) % self.length
        if end < until:
            return end
        new = zone.offset(until)
        if not self._goes_on(until, offset, new):
            return until
        return until + self.length - (until + new) % self.length

    def previous(self, zone: Zone, key: int) -> int:
        return self.key(zone, key - 1)

    def instant(self, zone: Zone, key: int, point_us: int) -> int:
        offset, _, until = zone.offset_interval(key)
        start = key - (key + offset) % self.length
        at = start + point_us
        if at < until:
            return max(at, key)
        new = zone.offset(until)
        return min(max(at + offset - new, until), self.next(zone, key))

    def duration_us(self, zone: Zone, key: int) -> int:
        return self.length


CYCLES: dict[Cycle, CycleCalendar] = {
    cycle: _Ticks(LENGTH[cycle]) if cycle in (Cycle.MINUTE, Cycle.HOUR) else _Days(cycle)
    for cycle in Cycle
}
