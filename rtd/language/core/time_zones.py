"""Local time: the clock changes of a zone, and which instant a local time means.

Instants are whole microseconds since 1970 UTC; local times are counted the same way, as if the
wall clock showed UTC. To find a zone's clock changes, this module reads its tzinfo once a week of
the years in question and halves the weeks in which the offset changed, so any tzinfo will do.
Changes are known from 1900 to 2200; later years keep the last offset.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from rtd.common.local_timezone import load_zone
from rtd.language.core.durations import DAY, SECOND, WEEK

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_EPOCH = datetime(1970, 1, 1)
TICK = timedelta(microseconds=1)
NEVER = 1 << 62
"""An instant that does not come."""
FIRST_KNOWN = -2_208_988_800 * SECOND
LAST_KNOWN = 7_258_118_400 * SECOND
CHUNK = 3 * 365 * DAY


class ZoneTransitions(NamedTuple):
    """The stretches of one offset each. The first began before `since`."""

    since: int
    until: int
    began: tuple[int, ...]
    """When each stretch began; the first: long ago."""
    offsets: tuple[int, ...]
    """Local minus UTC in each stretch, microseconds."""
    from_local: tuple[int, ...]
    """The local times from which each stretch answers: what the old clock showed at the change."""


class Zone:
    """A time zone; its instants are microseconds."""

    __slots__ = ("_changes", "name", "tz")

    def __init__(self, tz: tzinfo) -> None:
        self.tz = tz
        self.name = str(tz)
        self._changes = ZoneTransitions(0, 0, (-NEVER,), (self._utc_offset(0),), (-NEVER,))

    def __repr__(self) -> str:
        return f"Zone({self.name})"

    def offset(self, at_us: int) -> int:
        """Local minus UTC at an instant, in microseconds."""
        known = self._known(at_us)
        return known.offsets[bisect_right(known.began, at_us) - 1]

    def offset_interval(self, at_us: int) -> tuple[int, int, int]:
        """The offset at an instant, since when it holds and until when."""
        known = self._known(at_us)
        i = bisect_right(known.began, at_us)
        until = known.began[i] if i < len(known.began) else NEVER
        return known.offsets[i - 1], known.began[i - 1], until

    def instant(self, local_us: int) -> int:
        """The instant that a local time means.

        A time that the clocks skip is the first instant after the gap; a time that comes twice
        is its first coming.
        """
        known = self._known(local_us)
        i = bisect_right(known.from_local, local_us) - 1
        return max(local_us - known.offsets[i], known.began[i])

    def to_instant(self, moment: datetime) -> int:
        """The instant of a datetime; a naive one is local time, its second coming by `fold`."""
        if moment.tzinfo is not None:
            return (moment - EPOCH) // TICK
        local = (moment - NAIVE_EPOCH) // TICK
        at = self.instant(local)
        if moment.fold:
            later = local - self.offset(at + DAY)
            if later > at and later + self.offset(later) == local:
                return later
        return at

    def to_datetime(self, at_us: int) -> datetime:
        """An instant as an aware datetime of this zone."""
        return (EPOCH + timedelta(microseconds=at_us)).astimezone(self.tz)

    def _known(self, at_us: int) -> ZoneTransitions:
        known = self._changes
        if known.since + DAY <= at_us < known.until - DAY:
            return known
        return self._learn(at_us)

    def _learn(self, at_us: int) -> ZoneTransitions:
        """Extend what is known so that it covers this time with a margin of a day."""
        known = self._changes
        at_us = min(max(at_us - at_us % SECOND, FIRST_KNOWN), LAST_KNOWN)
        if known.since + DAY <= at_us < known.until - DAY:
            return known  # a far year
        new = known.since == known.until
        low, high = (at_us, at_us) if new else (known.since, known.until)
        since, until = min(low, at_us - CHUNK), max(high, at_us + CHUNK)
        before = self._find(since, low)
        after = self._find(high, until)
        changes = [*before, *zip(known.began[1:], known.offsets[1:], strict=True), *after]
        began = (-NEVER, *(at for at, _ in changes))
        offsets = (self._utc_offset(since), *(offset for _, offset in changes))
        shown = (at + old for at, old in zip(began[1:], offsets, strict=False))
        self._changes = ZoneTransitions(since, until, began, offsets, (-NEVER, *shown))
        return self._changes

    def _find(self, since: int, until: int) -> list[tuple[int, int]]:
        """The clock changes in (since, until], whole seconds: when, and the offset from then on."""
        found: list[tuple[int, int]] = []
        at, offset = since, self._utc_offset(since)
        while at < until:
            step = min(at + WEEK, until)
            new = self._utc_offset(step)
            if new != offset:
                low, high = at, step
                while high - low > SECOND:
                    middle = low + (high - low) // SECOND // 2 * SECOND
                    low, high = (
                        (middle, high) if self._utc_offset(middle) == offset else (low, middle)
                    )
                found.append((high, new))
            at, offset = step, new
        return found

    def _utc_offset(self, at_us: int) -> int:
        offset = self.to_datetime(at_us).utcoffset()
        return 0 if offset is None else offset // TICK


@lru_cache(maxsize=1024)
def _zone(tz: tzinfo) -> Zone:
    return Zone(tz)


@lru_cache(maxsize=1024)
def _named(name: str) -> Zone:
    return _zone(load_zone(name))


def zone_of(tz: str | tzinfo | Zone) -> Zone:
    """The zone for a tzinfo or a name, see `rtd.common.local_timezone.load_zone`.

    Raises:
        ValueError: there is no zone of that name.
    """
    if isinstance(tz, Zone):
        return tz
    return _named(tz) if isinstance(tz, str) else _zone(tz)
