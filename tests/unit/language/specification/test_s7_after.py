"""Section 7: after task, after tasks, after any tasks."""

import pytest

from rtd.conditions import parse
from tests.unit.language.support import change, holds

OK = [("run", "08:00"), ("success", "08:10")]
BAD = [("run", "08:00"), ("fail", "08:10")]
CUT = [("run", "08:00"), ("terminate", "08:10")]


@pytest.mark.parametrize(
    ("text", "log"),
    [
        ("after task 'x'", [OK]),
        ("after task 'x' succeeded", [OK]),
        ("after task 'x' failed", [BAD]),
        ("after task 'x' terminated", [CUT]),
        ("after task 'x' finished", [OK, BAD, CUT]),
    ],
)
def test_s7_the_matching_end_counts(text: str, log: list[list[tuple[str, str]]]) -> None:
    for events in (OK, BAD, CUT):
        assert holds(text, "09:00", [], {"x": events}) is (events in log)
    assert not holds(text, "09:00", [], {"x": [("run", "08:00"), ("inaction", "08:10")]})
    assert not holds(text, "09:00", [], {"x": [("run", "08:00")]})
    assert not holds(text, "09:00")


def test_s7_nothing_said_means_succeeded() -> None:
    assert parse("after task 'x'") == parse("after task 'x' succeeded")
    assert parse("after tasks 'x', 'y'") == parse("after tasks 'x','y' succeeded")


def test_s7_the_end_must_be_strictly_later_than_my_latest_start() -> None:
    assert holds("after task 'x'", "09:00", [("run", "08:09:59.999999")], {"x": OK})
    assert not holds("after task 'x'", "09:00", [("run", "08:10")], {"x": OK})
    assert not holds("after task 'x'", "09:00", [("run", "08:30")], {"x": OK})


def test_s7_an_older_matching_end_does_not_count_once_i_started() -> None:
    log = [*OK, ("run", "08:30"), ("fail", "08:40")]
    assert holds("after task 'x'", "09:00", [], {"x": log})
    assert not holds("after task 'x'", "09:00", [("run", "08:20")], {"x": log})
    assert holds("after task 'x' failed", "09:00", [("run", "08:20")], {"x": log})


def test_s7_all_of_them_or_any() -> None:
    one, both = {"a": OK}, {"a": OK, "b": OK}
    assert not holds("after tasks 'a', 'b'", "09:00", [], one)
    assert holds("after tasks 'a', 'b'", "09:00", [], both)
    assert holds("after any tasks 'a', 'b'", "09:00", [], one)
    assert not holds("after any tasks 'a', 'b'", "09:00", [], {"c": OK})
    assert not holds("after tasks 'a', 'b' failed", "09:00", [], {"a": BAD, "b": OK})
    assert holds("after any tasks 'a', 'b' failed", "09:00", [], {"a": BAD, "b": OK})


def test_s7_any_of_one_is_that_one() -> None:
    assert parse("after any tasks 'a'") == parse("after tasks 'a'") == parse("after task 'a'")


def test_s7_time_alone_changes_nothing() -> None:
    assert change("after task 'x'", "09:00", [], {"x": OK}) == "-"
    assert change("after task 'x' & daily before 10:00", "09:00") == "-"
