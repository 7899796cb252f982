"""Windows around every change of clocks of 2024 to 2028, against an oracle that only counts.

The oracle knows nothing of cycles or occurrences. It lays out every minute of the days around a
change, notes what the wall clock shows, and finds when a local time comes: the first minute that
shows it; when none does, the first minute that shows a later time. A window is what lies between
its start and its end so found.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from rtd.conditions import View, parse

ZONES = [
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
    "America/Havana", "Atlantic/Azores", "Africa/Cairo", "America/Santiago", "Asia/Almaty",
]  # fmt: skip
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


@lru_cache
def changes(name: str) -> tuple[datetime, ...]:
    """The minutes at which the clocks of a zone change, 2024 to 2028."""
    zone, found = ZoneInfo(name), []
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    while moment.year < 2029:
        after = moment + timedelta(hours=6)
        if shown(after, zone) - shown(moment, zone) != timedelta(hours=6):
            while shown(moment + MINUTE, zone) - shown(moment, zone) == MINUTE:
                moment += MINUTE
            found.append(moment + MINUTE)
        moment = after.replace(hour=after.hour // 6 * 6, minute=0)
    return tuple(found)


class Oracle:
    """The minutes of some days around a change, and what the clock shows in each."""

    def __init__(self, change: datetime, zone: ZoneInfo) -> None:
        start = change - 4 * DAY
        self.minutes = [start + i * MINUTE for i in range(8 * 1440)]
        self.clock = [shown(moment, zone) for moment in self.minutes]
        first: dict[datetime, int] = {}
        for i, local in enumerate(self.clock):
            first.setdefault(local, i)
        self.first = first
        self.locals = sorted(first)

    def comes(self, local: datetime) -> datetime:
        """When a local time comes for the first time, or else when the clock has passed it."""
        at = bisect_left(self.locals, local)
        return self.minutes[self.first[self.locals[at]]]


class Around(NamedTuple):
    """A zone, and each of its changes with the days around it."""

    zone: ZoneInfo
    changes: list[tuple[datetime, Oracle]]


@pytest.fixture(scope="module", params=ZONES)
def around(request: pytest.FixtureRequest) -> Around:
    """Laid out once for each zone."""
    zone = ZoneInfo(request.param)
    return Around(zone, [(change, Oracle(change, zone)) for change in changes(request.param)])


def days_around(change: datetime, zone: ZoneInfo) -> list[date]:
    today = shown(change, zone).date()
    return [today + n * DAY for n in (-2, -1, 0, 1)]


PAIRS = [
    ("00:00", "00:30"), ("00:30", "01:30"), ("01:00", "02:00"), ("01:45", "02:15"),
    ("02:10", "02:50"), ("02:30", "03:30"), ("03:00", "04:00"), ("08:00", "20:00"),
    ("22:00", "02:30"), ("23:30", "00:30"), ("02:30", "01:30"), ("23:15", "23:45"),
]  # fmt: skip


def window(oracle: Oracle, day: date, start: str, end: str) -> tuple[datetime, datetime]:
    first = datetime.fromisoformat(f"{day} {start}")
    last = datetime.fromisoformat(f"{day} {end}")
    last += DAY if last <= first else timedelta(0)
    opens, closes = oracle.comes(first), oracle.comes(last)
    return opens, closes if closes > opens else opens + (last - first)


def test_b2_the_zones_have_clock_changes_to_look_at() -> None:
    assert [len(changes(zone)) for zone in ZONES[:3]] == [10, 10, 10]
    assert all(changes(zone) for zone in ZONES)


def test_b2_daily_windows_are_right_around_every_change(around: Around) -> None:
    zone = around.zone
    for change, oracle in around.changes:
        for start, end in PAIRS:
            condition = parse(f"time of day between {start} and {end}")
            expected = [window(oracle, day, start, end) for day in days_around(change, zone)]
            for opens, closes in expected:
                edges = (opens - MINUTE, opens, closes - MINUTE, closes, change - MINUTE, change)
                for moment in (*edges, (opens + (closes - opens) / 2).replace(second=0)):
                    inside = any(a <= moment < b for a, b in expected)
                    assert condition.check(View(moment, tz=zone)) is inside, (start, end, moment)


def test_b2_each_local_window_happens_once(around: Around) -> None:
    zone = around.zone
    for change, oracle in around.changes:
        for start, end in PAIRS:
            condition = parse(f"time of day between {start} and {end}")
            days = days_around(change, zone)
            expected = [window(oracle, day, start, end) for day in days]
            view = View(expected[0][0] - MINUTE, tz=zone)
            found: list[datetime] = []
            while len(found) < 2 * len(days):
                moment = condition.next_change(view)
                assert moment is not None
                found.append(moment.astimezone(UTC))
                view = View(moment, tz=zone)
            assert found == [edge for pair in expected for edge in pair], (start, end, change)


def test_b2_a_run_uses_up_its_own_day_around_every_change(around: Around) -> None:
    """`daily` is true again exactly when the next local day begins."""
    zone = around.zone
    for change, oracle in around.changes:
        for day in days_around(change, zone):
            begins, ends = (oracle.comes(datetime.fromisoformat(f"{d}")) for d in (day, day + DAY))
            log = {"me": [("run", begins), ("success", begins)]}
            daily = parse("daily")
            assert daily.next_change(View(begins, "me", log, tz=zone)) == ends
            assert not daily.check(View(ends - MINUTE, "me", log, tz=zone))
            assert daily.check(View(ends, "me", log, tz=zone))


def test_b2_hours_follow_the_wall_clock_around_every_change(around: Around) -> None:
    """A new hour begins when the clock shows a full one, or jumps into another."""
    zone = around.zone
    for change, clock in around.changes:
        pairs = list(zip(clock.minutes, clock.clock, strict=True))
        begins = [
            now
            for (_, before), (now, local) in pairwise(pairs)
            if local.minute == 0 or (local.date(), local.hour) != (before.date(), before.hour)
        ]
        near = [moment for moment in begins if abs(moment - change) < timedelta(hours=5)]
        for begun, following in pairwise(near):
            log = {"me": [("run", begun), ("success", begun)]}
            assert parse("hourly").next_change(View(begun, "me", log, tz=zone)) == following


@pytest.mark.parametrize("line", ["30 2 * * *", "0 0 * * *", "15 1,3 * * *", "45 23 * * *"])
def test_b2_cron_with_fixed_hours_comes_once_for_each_minute(around: Around, line: str) -> None:
    zone, condition = around.zone, parse(f"cron {line}")
    minute, hours = line.split(maxsplit=1)[0], line.split()[1].split(",")
    for change, oracle in around.changes:
        wanted = {
            oracle.comes(datetime.fromisoformat(f"{day} {int(hour):02d}:{int(minute):02d}"))
            for day in days_around(change, zone)
            for hour in hours
        }
        first = min(wanted)
        view = View(first - MINUTE, "me", tz=zone)
        found: set[datetime] = set()
        while len(found) < len(wanted):
            moment = condition.next_change(view)
            assert moment is not None
            view = View(moment, "me", {"me": [("run", moment)]}, tz=zone)
            if condition.check(View(moment, "me", tz=zone)):
                found.add(moment.astimezone(UTC))
        assert found == wanted
