"""Says on which days the clocks of a zone change."""

from __future__ import annotations

from rtd.language.core.durations import DAY
from rtd.language.core.time_zones import Zone
from rtd.language.time.points_in_cycle import format_time


def clock_change(zone: Zone, at_us: int) -> str:
    """Return how the clocks change on the local day of an instant: `03:00 -> 04:00`, or empty.

    Args:
        zone: of the local day.
        at_us: the instant, microseconds since 1970.
    """
    offset, began, until = zone.offset_interval(at_us)
    day = (at_us + offset) // DAY
    for change_us in (began, until):
        before, after = zone.offset(change_us - 1), zone.offset(change_us)
        shown = change_us + before
        if before != after and day in (shown // DAY, (change_us + after) // DAY):
            return f"{format_time(shown % DAY)} -> {format_time((change_us + after) % DAY)}"
    return ""
