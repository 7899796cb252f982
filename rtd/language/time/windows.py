"""Windows: a cycle and a limit (section 3 of the language).

A window comes once in each cycle, as an *occurrence*: a half-open interval of instants, its start
in it and its end not. Where both ends of a limited window fall into hours that the clocks skip,
it comes right after the gap with its own length: it happens once, like on any other day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from rtd.language.core.durations import DAY
from rtd.language.core.time_zones import NEVER, Zone
from rtd.language.time.cycles import CYCLES
from rtd.language.time.points_in_cycle import (
    LENGTH,
    SMALLER,
    Cycle,
    CyclePoint,
    format_point,
)


class WindowShape(Enum):
    """How the end of a window follows from its start."""

    ENDLESS = 0
    """No gaps: it ends where its next occurrence begins."""
    INSIDE = 1
    """It ends in the cycle in which it began."""
    OVER = 2
    """It ends in the next cycle."""
    REST = 3
    """It ends with the cycle."""
    UNIT = 4
    """It lasts one smaller unit."""


class WindowInterval(NamedTuple):
    """One coming of a window, from `start_us` up to, but not including, `end_us`."""

    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class Window:
    """A cycle and a limit in it: `kind` is "" (the whole cycle), or a word of
    `rtd.language.time.limits.LIMITS`."""

    cycle: Cycle
    kind: str = ""
    first: CyclePoint | None = None
    last: CyclePoint | None = None
    shape: WindowShape = field(init=False, compare=False, repr=False)
    begin_us: int = field(init=False, compare=False, repr=False)
    end_us: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        begin = self.first.start_us if self.first else 0
        end = self.last.end_us if self.last else 0
        object.__setattr__(self, "begin_us", begin)
        object.__setattr__(self, "end_us", end)
        object.__setattr__(self, "shape", self._shape(begin, end))

    def _shape(self, begin: int, end: int) -> WindowShape:
        if self.kind in ("", "starting"):
            return WindowShape.ENDLESS
        if self.kind == "on":
            return WindowShape.UNIT
        whole = end in (0, LENGTH[self.cycle])
        fixed = self.first is None or self.first.moving is None
        if begin == 0 and fixed and (whole or self.kind == "after"):
            return WindowShape.ENDLESS
        if self.kind == "after":
            return WindowShape.REST
        if begin == end and fixed:
            return WindowShape.ENDLESS
        return WindowShape.INSIDE if begin < end else WindowShape.OVER

    @property
    def is_unordered(self) -> bool:
        """Whether its end comes before its start in some months, and after it in others."""
        if self.first is None or self.last is None:
            return False
        first, last = self.first, self.last
        return first.moving != last.moving and (
            first.start_us < last.end_us + last.latest_shift_us
            and first.start_us + first.latest_shift_us >= last.end_us
        )

    def _begin_in(self, zone: Zone, key: int) -> int:
        """Where it begins in a cycle, microseconds from the cycle's start."""
        return self.begin_us + self._shift(self.first, zone, key)

    def _end_in(self, zone: Zone, key: int) -> int:
        """Where it ends in a cycle."""
        return self.end_us + self._shift(self.last, zone, key)

    def _shift(self, point: CyclePoint | None, zone: Zone, key: int) -> int:
        if point is None or point.moving is None:
            return 0
        length = CYCLES[self.cycle].next(zone, key) - key
        return (point.moving.day_in(key, length) - point.day) * DAY

    @property
    def gapless(self) -> bool:
        """Whether every instant lies in one of its occurrences."""
        return self.shape is WindowShape.ENDLESS

    def __str__(self) -> str:
        words = [self.kind] if self.kind else []
        words += [format_point(self.cycle, m) for m in (self.first, self.last) if m]
        if self.kind == "between":
            words.insert(2, "and")
        return " ".join(words)

    def interval_in(self, zone: Zone, key: int) -> WindowInterval | None:
        """The occurrence that begins in the cycle named `key`; None when the month lacks its day.

        It may be empty, when the clocks skip the whole cycle.
        """
        window, where, number, found = _LATEST[0]
        if window is self and where is zone and number == key:
            return found
        found = self._interval_in(zone, key)
        _LATEST[0] = (self, zone, key, found)
        return found

    def _interval_in(self, zone: Zone, key: int) -> WindowInterval | None:
        cycles = CYCLES[self.cycle]
        if self._lacks(zone, key):
            return None
        start = cycles.instant(zone, key, self._begin_in(zone, key))
        if self.shape is WindowShape.ENDLESS:
            after = cycles.next(zone, key)
            while self._lacks(zone, after):
                after = cycles.next(zone, after)
            end = cycles.instant(zone, after, self._begin_in(zone, after))
            return WindowInterval(start, end)
        end, length = self._end(zone, key, start)
        return WindowInterval(start, end if end > start else start + length)

    def _end(self, zone: Zone, key: int, start_us: int) -> tuple[int, int]:
        """When the occurrence of this cycle ends, and its length by the calendar."""
        cycles, shape = CYCLES[self.cycle], self.shape
        room = cycles.duration_us(zone, key)
        begin, end = self._begin_in(zone, key), self._end_in(zone, key)
        if shape is WindowShape.UNIT:
            unit = SMALLER[self.cycle]
            if self.cycle in (Cycle.MINUTE, Cycle.HOUR):
                return start_us + unit, unit
            return cycles.instant(zone, key, begin + unit), unit
        after = cycles.next(zone, key)
        if shape is WindowShape.OVER:
            point = min(self._end_in(zone, after), cycles.duration_us(zone, after))
            return cycles.instant(zone, after, point), room - begin + point
        if shape is WindowShape.INSIDE and end < room:
            return cycles.instant(zone, key, end), end - begin
        return cycles.instant(zone, after, 0), room - begin

    def _lacks(self, zone: Zone, key: int) -> bool:
        if self.cycle is not Cycle.MONTH or self.begin_us < 28 * DAY:
            return False
        return self._begin_in(zone, key) >= CYCLES[self.cycle].duration_us(zone, key)

    def interval_at(self, zone: Zone, at_us: int) -> WindowInterval | None:
        """The occurrence in which an instant lies."""
        cycles = CYCLES[self.cycle]
        key = cycles.key(zone, at_us)
        for _ in range(4):  # a cycle that begins on the 31st may have begun three months ago
            found = self.interval_in(zone, key)
            if found and found.start_us <= at_us:
                return found if at_us < found.end_us else None
            key = cycles.previous(zone, key)
        return None

    def next_start(self, zone: Zone, at_us: int) -> int:
        """When the first occurrence after an instant begins; NEVER when none does."""
        cycles = CYCLES[self.cycle]
        key = cycles.key(zone, at_us)
        for _ in range(8):
            found = self.interval_in(zone, key)
            if found and found.start_us > at_us and found.end_us > found.start_us:
                return found.start_us
            key = cycles.next(zone, key)
        return NEVER

    def current_interval(self, zone: Zone, at_us: int) -> tuple[WindowInterval | None, int]:
        """The occurrence that `today` means at an instant, and until when it does.

        That is the one in which the instant lies (over midnight, both sides are one), otherwise
        the one that begins in the current cycle, be it over or still to come.
        """
        cycles = CYCLES[self.cycle]
        key = cycles.key(zone, at_us)
        after = cycles.instant(zone, cycles.next(zone, key), 0)
        around = self.interval_at(zone, at_us)
        if around is None:
            return self.interval_in(zone, key), after
        began_here = around.start_us >= cycles.instant(zone, key, 0) and not self.gapless
        return around, max(around.end_us, after) if began_here else around.end_us


#: The occurrence that was found last, and its arguments: a condition needs the same one again to
#: tell until when its value holds.
_LATEST: Final[list[tuple[Window | None, Zone | None, int, WindowInterval | None]]] = [
    (None, None, 0, None)
]
