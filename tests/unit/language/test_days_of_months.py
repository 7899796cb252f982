"""Days that have another number in each month, checked against the calendar."""

from calendar import monthrange
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rtd.conditions import View, parse

HELSINKI = ZoneInfo("Europe/Helsinki")
YEARS = [date(2024, 1, 1) + timedelta(days=n) for n in range(4 * 365)]


def last(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


def nth(day: date, weekday: int, number: int) -> bool:
    return day.weekday() == weekday and (day.day + 6) // 7 == number


def last_of(day: date, weekday: int) -> bool:
    return day.weekday() == weekday and (day + timedelta(days=7)).month != day.month


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("monthly on the last day", last),
        ("time of month on last day", last),
        ("monthly on last Friday", lambda day: last_of(day, 4)),
        ("monthly on 1st Monday", lambda day: nth(day, 0, 1)),
        ("monthly on fifth sun", lambda day: nth(day, 6, 5)),
        ("cron 0 12 L * *", last),
        ("cron 0 12 L-3 * *", lambda day: last(day + timedelta(days=3))),
        ("cron 0 12 1,L * *", lambda day: last(day) or day.day == 1),
        ("cron 0 12 * * friL", lambda day: last_of(day, 4)),
        ("cron 0 12 * * 5L", lambda day: last_of(day, 4)),
        ("cron 0 12 * * tue#2", lambda day: nth(day, 1, 2)),
        ("cron 0 12 * * 7#5", lambda day: nth(day, 6, 5)),
        ("cron 0 12 L * mon#1", lambda day: last(day) or nth(day, 0, 1)),
        ("cron 0 12 * * fri-sun", lambda day: day.weekday() >= 4),
        ("cron 0 12 * * 0-0", lambda day: day.weekday() == 6),
    ],
)
def test_the_condition_holds_on_these_days_and_no_others(text: str, expected: object) -> None:
    condition = parse(text)
    assert callable(expected)
    for day in YEARS:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=HELSINKI)
        view = View(noon.timestamp(), "me", tz=HELSINKI)
        assert condition.check(view) == expected(day), day


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("monthly on the last day", "monthly on last day"),
        ("monthly after third fri 8 AM", "monthly after 3rd Friday 08:00"),
        ("monthly on the 13th", "monthly on 13th"),
        ("monthly on first day", "monthly on 1st"),
        ("cron 0 8 l-2 JUL FRIl,mon#1", "cron 0 8 L-2 jul friL,mon#1"),
    ],
)
def test_its_text_is_read_back(text: str, shown: str) -> None:
    condition = parse(text)
    assert str(condition) == shown
    assert parse(shown) == condition
