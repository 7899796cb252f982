"""Section 3: windows, half-open, by every cycle and limit."""

from datetime import timedelta

import pytest

from rtd.conditions import parse
from tests.unit.language.support import at, change, holds

D = "2024-01-"  # 2024-01-15 is a Monday; January has 31 days, February 29

#: a window, when it opens, when it closes ("": no gap there)
EDGES = [
    ("minute before 15", "10:00:00", "10:00:15"),
    ("minute after 15", "10:00:15", "10:01:00"),
    ("minute between 15 and 45", "10:00:15", "10:00:45"),
    ("minute between 45 and 15", "10:00:45", "10:01:15"),
    ("hour before 15:00", "10:00", "10:15"),
    ("hour after 15:30", "10:15:30", "11:00"),
    ("hour between 15:00 and 45:00", "10:15", "10:45"),
    ("hour between 45:00 and 15:00", "10:45", "11:15"),
    ("day before 10:00", D + "15", D + "15 10:00"),
    ("day after 10:00", D + "15 10:00", D + "16"),
    ("day between 10:00 and 14:00", D + "15 10:00", D + "15 14:00"),
    ("day between 22:00 and 02:00", D + "15 22:00", D + "16 02:00"),
    ("day between 22:00 and 00:00", D + "15 22:00", D + "16"),
    ("week before Wednesday", D + "15", D + "18"),
    ("week after Wednesday", D + "17", D + "22"),
    ("week between Mon and Fri", D + "15", D + "20"),
    ("week between Fri and Mon", D + "19", D + "23"),
    ("week between Tue and Tue", D + "16", D + "17"),
    ("week between Sun and Sun", D + "21", D + "22"),
    ("week between Mon 08:00 and Fri 17:00", D + "15 08:00", D + "19 17:00"),
    ("week between Tue 10:00 and Tue 09:00", D + "16 10:00", D + "23 09:00"),
    ("week on Saturday", D + "20", D + "21"),
    ("week on Sunday 20:00", D + "21 20:00", D + "22 20:00"),
    ("month before 5th", D + "01", D + "06"),
    ("month on last day", D + "31", "2024-02-01"),
    ("month on the last day 20:00", D + "31 20:00", "2024-02-01 20:00"),
    ("month on last Fri", D + "26", D + "27"),
    ("month on 3rd friday", D + "19", D + "20"),
    ("month on third Monday", D + "15", D + "16"),
    ("month after last Friday 08:00", D + "26 08:00", "2024-02-01"),
    ("month before 2nd Tue", D + "01", D + "10"),
    ("month between 25th and last day", D + "25", "2024-02-01"),
    ("month between last Sat and 2nd", D + "27", "2024-02-03"),
    ("month between last day 08:00 and last day 10:00", D + "31 08:00", D + "31 10:00"),
    ("month after 5th", D + "05", "2024-02-01"),
    ("month between 5th and 10th", D + "05", D + "11"),
    ("month between 25th and 5th", D + "25", "2024-02-06"),
    ("month between 13th and 13th", D + "13", D + "14"),
    ("month on 13th", D + "13", D + "14"),
    ("month on 31st", D + "31", "2024-02-01"),
    ("month on 31st 10:00", D + "31 10:00", "2024-02-01 10:00"),
]


@pytest.mark.parametrize(("window", "opens", "closes"), EDGES)
def test_s3_the_start_belongs_to_the_window_and_the_end_does_not(
    window: str, opens: str, closes: str
) -> None:

    text = f"time of {window}"
    tick = timedelta(microseconds=1)
    before, last = (at(moment) - tick for moment in (opens, closes))
    assert not holds(text, str(before))
    assert holds(text, opens)
    assert holds(text, str(last))
    assert not holds(text, closes)
    assert change(text, str(before)) == str(at(opens))
    assert change(text, opens) == str(at(closes))


@pytest.mark.parametrize(
    ("text", "opens", "closes"),
    [
        ("minutely on 15", "10:00:15", "10:00:16"),
        ("minutely on 59", "10:00:59", "10:01:00"),
        ("hourly on 15:30", "10:15:30", "10:16:30"),
        ("hourly on 59:30", "10:59:30", "11:00:30"),
        ("daily on 10:00", "10:00", "11:00"),
        ("daily on 23:30", D + "15 23:30", D + "16 00:30"),
        ("weekly on Monday", D + "15", D + "16"),
        ("monthly on 13th", D + "13", D + "14"),
    ],
)
def test_s3_on_lasts_one_smaller_unit_over_the_end_of_the_cycle_too(
    text: str, opens: str, closes: str
) -> None:

    assert change(text, opens) == str(at(closes))
    assert holds(text, opens)
    assert not holds(text, closes)


NO_GAPS = [
    "time of day between 10:00 and 10:00",
    "time of day before 00:00",
    "time of day after 00:00",
    "time of week between Mon and Sun",
    "time of week between Wed and Tue",
    "time of week before Sunday",
    "time of week after Monday",
    "time of week between Tue 10:00 and Tue 10:00",
    "time of month before 31st",
    "time of month after 1st",
    "time of month between 1st and 31st",
    "time of month between 10th and 9th",
    "time of hour between 30:00 and 30:00",
    "time of minute before 00",
]


@pytest.mark.parametrize("text", NO_GAPS)
def test_s3_a_window_without_gaps_is_always_open(text: str) -> None:
    for now in ("2024-01-01", "2024-02-29 23:59:59", "2024-03-31 10:00", "2024-06-16 09:59"):
        assert holds(text, now)
        assert change(text, now) == "-"


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("daily starting 10:00", "2024-01-14 10:00"),
        ("daily between 10:00 and 10:00", "2024-01-14 10:00"),
        ("daily before 00:00", "2024-01-15 00:00"),
        ("hourly starting 30:00", "2024-01-15 08:30"),
        ("minutely starting 30", "2024-01-15 09:19:30"),
        ("weekly starting Tuesday", "2024-01-09"),
        ("weekly starting Mon 12:00", "2024-01-08 12:00"),
        ("weekly between Wed and Tue", "2024-01-10"),
        ("monthly starting 20th", "2023-12-20"),
    ],
)
def test_s3_starting_moves_the_cycle_without_gaps(text: str, begins: str) -> None:

    now, begun = "2024-01-15 09:20", at(begins)
    earlier = str(begun - timedelta(microseconds=1))
    assert holds(text, now, [("run", "2023-10-01"), ("success", earlier)])
    assert not holds(text, now, [("run", "2023-10-01"), ("success", begins)])


def test_s3_a_day_that_the_month_lacks_never_comes() -> None:
    assert change("time of month on 31st", "2024-02-01") == "2024-03-31 00:00:00"
    assert change("time of month after 30th", "2024-02-01") == "2024-03-30 00:00:00"
    assert change("time of month between 31st and 5th", "2024-02-06") == "2024-03-31 00:00:00"
    assert not holds("time of month between 31st and 5th", "2024-03-03")
    assert holds("time of month between 31st and 5th", "2024-02-03")
    assert change("time of month on 29th", "2023-02-01") == "2023-03-29 00:00:00"


def test_s3_an_end_that_the_month_lacks_is_its_last_day() -> None:
    assert holds("time of month before 31st", "2024-02-29 23:59:59")
    assert holds("time of month between 25th and 31st", "2024-02-29 23:59:59")
    assert change("time of month between 25th and 30th", "2024-02-26") == "2024-03-01 00:00:00"


def test_s3_a_cycle_that_starts_on_the_31st_begins_where_there_is_one() -> None:
    text = "monthly starting 31st"
    used = [("run", "2024-01-31"), ("success", "2024-01-31 01:00")]
    assert not holds(text, "2024-02-01", used)
    assert not holds(text, "2024-03-30 23:59", used)
    assert change(text, "2024-02-10", used) == "2024-03-31 00:00:00"
    assert holds(text, "2024-03-31", used)


@pytest.mark.parametrize("cycle", ["minute", "hour", "day"])
def test_s3_time_of_takes_on_for_week_and_month_only(cycle: str) -> None:
    parse("time of week on Monday")
    parse("time of month on 5th")
    with pytest.raises(ValueError, match="takes before, after, between"):
        parse(f"time of {cycle} on {'10:00' if cycle != 'minute' else '10'}")


def test_s3_a_window_that_the_clocks_skip_whole_comes_right_after_the_gap() -> None:
    text, berlin = "time of day between 02:10 and 02:40", {"tz": "Europe/Berlin"}
    assert change(text, "2024-03-31 01:00", **berlin) == "2024-03-31 03:00:00"
    assert change(text, "2024-03-31 03:00", **berlin) == "2024-03-31 03:30:00"
    assert change(text, "2024-03-31 03:30", **berlin) == "2024-04-01 02:10:00"
