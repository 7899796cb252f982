"""Section 2: time values, where the cycles begin, and the zone."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rtd.conditions import View, parse
from tests.unit.language.support import change, holds


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("daily after 8:00", "daily after 08:00"),
        ("daily after 08:00:00", "daily after 08:00"),
        ("daily after 2 PM", "daily after 14:00"),
        ("daily after 2 pm", "daily after 14:00"),
        ("daily after 2PM", "daily after 14:00"),
        ("daily after 2:30 PM", "daily after 14:30"),
        ("daily after 12 AM", "daily after 00:00"),
        ("daily after 12 PM", "daily after 12:00"),
        ("weekly after Fri", "weekly after Friday"),
        ("weekly after Fri 2 PM", "weekly after Friday 14:00"),
        ("monthly after 13", "monthly after 13th"),
        ("monthly after 13.", "monthly after 13th"),
        ("monthly after 13. 8:00", "monthly after 13th 08:00"),
        ("monthly after 1st", "monthly after 1"),
        ("monthly after 22nd", "monthly after 22"),
        ("monthly after 3rd", "monthly after 3"),
        ("minutely after 5", "minutely after 05"),
        ("hourly after 5:00", "hourly after 05:00"),
    ],
)
def test_s2_one_value_has_several_spellings(text: str, same: str) -> None:
    moment = datetime(2024, 1, 15, 13, 31, 7)
    assert str(parse(text)) == str(parse(same))
    assert parse(text).evaluate(View(moment)) == parse(same).evaluate(View(moment))


@pytest.mark.parametrize(
    ("text", "last", "first"),
    [
        ("time of minute after 59", "10:00:58.999999", "10:00:59"),
        ("time of hour after 30:05", "10:30:04.999999", "10:30:05"),
        ("time of day after 08:00:30", "08:00:29.999999", "08:00:30"),
        ("time of week after Wed 10:00", "2024-01-17 09:59:59", "2024-01-17 10:00"),
        ("time of month after 13th 14:00", "2024-01-13 13:59:59", "2024-01-13 14:00"),
    ],
)
def test_s2_each_cycle_has_its_own_values(text: str, last: str, first: str) -> None:
    assert not holds(text, last)
    assert holds(text, first)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("minutely", "2024-01-17 10:20:00"),
        ("hourly", "2024-01-17 10:00:00"),
        ("daily", "2024-01-17 00:00:00"),
        ("weekly", "2024-01-15 00:00:00"),
        ("monthly", "2024-01-01 00:00:00"),
    ],
)
def test_s2_weeks_begin_on_monday_and_months_on_the_first(text: str, begins: str) -> None:
    before = (datetime.fromisoformat(begins) - timedelta(microseconds=1)).isoformat(" ")
    started_before = [("run", "2023-11-01"), ("success", before)]
    started_then = [("run", "2023-11-01"), ("success", begins)]
    assert holds(text, "2024-01-17 10:20:30", started_before)
    assert not holds(text, "2024-01-17 10:20:30", started_then)


@pytest.mark.parametrize(
    ("text", "now", "value"),
    [
        ("time of week between Mon and Fri", "2024-01-19 23:59:59", True),
        ("time of week between Mon and Fri", "2024-01-20 00:00:00", False),
        ("time of week before Friday", "2024-01-19 12:00", True),
        ("time of week before Friday 10:00", "2024-01-19 12:00", False),
        ("time of month before 5th", "2024-01-05 23:59", True),
        ("time of month before 5th", "2024-01-06 00:00", False),
        ("time of month between 2nd and 5th 06:00", "2024-01-05 06:00", False),
    ],
)
def test_s2_a_day_named_as_an_end_means_the_whole_day(text: str, now: str, value: bool) -> None:
    assert holds(text, now) is value


def test_s2_times_are_local_to_the_views_zone() -> None:
    condition = parse("time of day between 08:00 and 09:00")
    noon = datetime(2024, 7, 1, 5, 30, tzinfo=UTC)
    assert not condition.check(View(noon))
    assert condition.check(View(noon, tz="Europe/Helsinki"))
    assert condition.check(View(noon.timestamp(), tz="Europe/Helsinki"))
    assert condition.check(View(noon.astimezone(ZoneInfo("Europe/Helsinki"))))
    assert condition.check(View(noon, tz=timezone(timedelta(hours=3))))
    assert condition.check(View(datetime(2024, 7, 1, 8, 30), tz="Europe/Helsinki"))


def test_s2_naive_times_are_utc_unless_told_otherwise_and_answers_are_alike() -> None:
    condition = parse("time of day after 08:00")
    assert condition.next_change(View(datetime(2024, 1, 1, 7))) == datetime(2024, 1, 1, 8)
    aware = condition.next_change(View(datetime(2024, 1, 1, 7, tzinfo=UTC), tz="Asia/Tokyo"))
    assert aware == datetime(2024, 1, 1, 15, tzinfo=UTC)
    assert aware is not None
    assert aware.tzinfo is UTC
    epoch = datetime(2024, 1, 1, 7, tzinfo=UTC).timestamp()
    local = condition.next_change(View(epoch, tz="Asia/Tokyo"))
    assert local is not None
    assert local.isoformat() == "2024-01-02T00:00:00+09:00"


def test_s2_an_unknown_zone_is_named() -> None:
    with pytest.raises(ValueError, match="Europe/Nowhere"):
        View(datetime(2024, 1, 1), tz="Europe/Nowhere")


@pytest.mark.parametrize("year", [1899, 9000])
def test_s2_years_out_of_reach_are_refused(year: int) -> None:
    with pytest.raises(ValueError, match="1900"):
        View(datetime(year, 1, 1))


def test_s2_a_time_that_does_not_exist_is_taken_at_the_first_instant_after_the_gap() -> None:
    gap: dict[str, Any] = {"tz": "Europe/Berlin"}  # 2024-03-31: 02:00 is followed by 03:00
    assert change("time of day after 02:30", "2024-03-31 01:59", **gap) == "2024-03-31 03:00:00"
    assert change("time of day before 02:30", "2024-03-31 01:00", **gap) == "2024-03-31 03:00:00"
    assert holds("time of day after 02:30", "2024-03-31 03:00", **gap)


def test_s2_a_time_that_comes_twice_is_its_first_coming() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # 2024-10-27: 03:00 is followed by 02:00
    first = datetime(2024, 10, 27, 2, 30, tzinfo=berlin)
    second = first.replace(fold=1)
    condition = parse("time of day between 02:15 and 02:45")
    assert condition.check(View(first))
    assert not condition.check(View(second))
    after = parse("time of day after 02:45")
    assert after.check(View(second))
    assert not after.check(View(first))
