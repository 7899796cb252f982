"""Section 4: minutely, hourly, daily, weekly, monthly: may I run?"""

from datetime import UTC, datetime

import pytest

from rtd.conditions import View, parse
from tests.unit.language.support import change, holds, view


def ended(start: str, end: str, how: str = "success") -> list[tuple[str, str]]:
    return [("run", start), (how, end)]


def test_s4_true_once_in_each_occurrence() -> None:
    text = "daily between 08:00 and 10:00"
    assert not holds(text, "07:59:59")
    assert holds(text, "08:00")
    assert not holds(text, "10:00")
    assert not holds(text, "09:00", ended("08:10", "08:20"))
    assert holds(text, "2024-01-16 08:00", ended("08:10", "08:20"))


@pytest.mark.parametrize("how", ["success", "fail", "terminate"])
def test_s4_any_end_uses_the_occurrence_up(how: str) -> None:
    assert not holds("daily", "09:00", ended("08:10", "08:20", how))


def test_s4_inaction_leaves_the_occurrence_unused() -> None:
    assert holds("daily", "09:00", ended("08:10", "08:20", "inaction"))


def test_s4_the_end_counts_not_the_beginning() -> None:
    assert not holds("daily after 08:00", "09:00", ended("07:50", "08:10"))
    assert holds("daily after 08:00", "09:00", ended("07:20", "07:30"))


def test_s4_both_ends_of_the_stretch_are_included() -> None:
    assert not holds("daily after 08:00", "09:00", ended("07:50", "08:00"))
    assert not holds("daily after 08:00", "09:00", ended("07:50", "09:00"))
    assert holds("daily after 08:00", "09:00", ended("07:50", "07:59:59.999999"))


def test_s4_a_run_that_began_in_the_occurrence_and_is_going_blocks() -> None:
    assert not holds("daily after 08:00", "09:00", [("run", "08:30")])
    assert not holds("daily after 08:00", "09:00", [("run", "08:00")])
    assert holds("daily after 08:00", "09:00", [("run", "07:59:59")])
    assert holds("daily", "09:00", [("run", "2024-01-14 23:00")])


def test_s4_across_midnight_both_sides_are_one_occurrence() -> None:
    text = "daily between 22:00 and 02:00"
    used = ended("2024-01-15 22:30", "2024-01-15 22:40")
    assert not holds(text, "2024-01-16 01:00", used)
    assert holds(text, "2024-01-16 22:00", used)
    late = ended("2024-01-16 00:30", "2024-01-16 00:40")
    assert not holds(text, "2024-01-16 01:59", late)
    assert holds(text, "2024-01-16 22:00", late)


def test_s4_runs_of_others_do_not_count() -> None:
    assert holds("daily", "09:00", [], {"x": ended("08:10", "08:20")})


def test_s4_next_change_is_the_edge_that_matters() -> None:
    text = "daily between 08:00 and 10:00"
    assert change(text, "07:00") == "2024-01-15 08:00:00"
    assert change(text, "09:00") == "2024-01-15 10:00:00"
    assert change(text, "09:00", ended("08:10", "08:20")) == "2024-01-16 08:00:00"
    assert change("daily", "09:00", ended("08:10", "08:20")) == "2024-01-16 00:00:00"
    assert change("daily", "09:00") == "-"


def test_s4_an_hour_that_comes_twice_is_two_hours() -> None:
    berlin = {"tz": "Europe/Berlin"}  # 2024-10-27: 03:00 is followed by 02:00
    used = [("run", "2024-10-27 02:10"), ("success", "2024-10-27 02:20")]

    assert not parse("hourly").check(view("2024-10-27 02:50", used, **berlin))
    again = datetime(2024, 10, 27, 1, 0, tzinfo=UTC)  # 02:00, for the second time
    history = view("2024-10-27 02:50", used, **berlin).ledger
    assert parse("hourly").check(View(again, "me", history, tz="Europe/Berlin"))
    assert not parse("daily").check(View(again, "me", history, tz="Europe/Berlin"))
