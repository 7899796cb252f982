"""Section 6: has STATUS, task 'x' has STATUS."""

import pytest

from tests.unit.language.support import change, holds

ACTION = {
    "succeeded": "success", "failed": "fail", "terminated": "terminate", "started": "run",
    "inacted": "inaction",
}  # fmt: skip


@pytest.mark.parametrize("status", ACTION)
def test_s6_each_status_reads_its_action(status: str) -> None:
    for other, action in ACTION.items():
        log = [(action, "09:00")]
        assert holds(f"has {status}", "10:00", log) is (other == status)
        assert holds(f"task 'x' has {status}", "10:00", [], {"x": log}) is (other == status)
        assert not holds(f"task 'x' has {status}", "10:00", log)


@pytest.mark.parametrize(
    ("action", "value"),
    [("success", True), ("fail", True), ("terminate", True), ("inaction", False), ("run", False)],
)
def test_s6_finished_is_any_of_three_ends(action: str, value: bool) -> None:
    assert holds("has finished", "10:00", [(action, "09:00")]) is value


def test_s6_bare_means_ever() -> None:
    assert holds("has failed", "10:00", [("fail", "1999-01-01")])
    assert change("has failed", "10:00", [("fail", "1999-01-01")]) == "-"
    assert not holds("has failed", "10:00")


@pytest.mark.parametrize("words", ["past", "in past"])
def test_s6_past_includes_both_ends(words: str) -> None:
    text, log = f"has failed {words} 2 hours", [("fail", "08:00")]
    assert holds(text, "08:00", log)
    assert holds(text, "10:00", log)
    assert not holds(text, "10:00:00.000001", log)
    assert change(text, "09:00", log) == "2024-01-15 10:00:00.000001"
    assert change(text, "11:00", log) == "-"


@pytest.mark.parametrize(
    ("window", "first", "over"),
    [
        ("this minute", "10:20:00", "10:21:00"),
        ("this hour", "10:00", "11:00"),
        ("today", "2024-01-15", "2024-01-16"),
        ("this week", "2024-01-15", "2024-01-22"),
        ("this month", "2024-01-01", "2024-02-01"),
    ],
)
def test_s6_an_event_of_the_current_cycle(window: str, first: str, over: str) -> None:
    text, log = f"has succeeded {window}", [("success", first)]
    assert holds(text, "10:20:30", log)
    assert not holds(text, over, log)
    assert change(text, "10:20:30", log).startswith(over if "-" in over else f"2024-01-15 {over}")


def test_s6_only_events_in_the_window_count() -> None:
    text = "has failed today between 10:00 and 12:00"
    assert not holds(text, "15:00", [("fail", "09:59")])
    assert holds(text, "15:00", [("fail", "10:00")])
    assert holds(text, "15:00", [("fail", "11:59:59"), ("fail", "13:00")])
    assert not holds(text, "15:00", [("fail", "12:00")])
    assert not holds(text, "15:00", [("fail", "2024-01-14 11:00")])
    assert change(text, "15:00", [("fail", "11:00")]) == "2024-01-16 00:00:00"


def test_s6_false_before_the_window_opens() -> None:
    log = [("fail", "2024-01-14 11:00")]
    assert not holds("has failed today between 10:00 and 12:00", "09:00", log)
    assert not holds("has failed today after 10:00", "09:59:59", log)


@pytest.mark.parametrize(
    "limit",
    ["before 12:00", "after 08:00", "on 09:00", "starting 06:00", "between 22:00 and 10:00"],
)
def test_s6_every_limit_is_taken(limit: str) -> None:
    assert holds(f"has failed today {limit}", "09:30", [("fail", "09:15")])
    assert not holds(f"has failed today {limit}", "09:30", [("fail", "2024-01-14 05:00")])


def test_s6_over_midnight_the_window_that_is_open_is_the_current_one() -> None:
    text, log = "has failed today between 22:00 and 02:00", [("fail", "2024-01-14 23:00")]
    assert holds(text, "01:00", log)
    assert change(text, "01:00", log) == "2024-01-15 02:00:00"
    assert not holds(text, "02:00", log)


def test_s6_a_later_event_of_another_kind_takes_nothing_back() -> None:
    log = [("success", "09:00"), ("run", "09:10"), ("fail", "09:20")]
    assert holds("has succeeded today", "10:00", log)
    assert holds("has succeeded", "10:00", log)
    assert holds("has succeeded past 2 hours", "10:00", log)


def test_s6_events_after_now_are_not_seen() -> None:
    log = [("success", "09:00"), ("success", "11:00")]
    assert holds("has succeeded past 2 hours", "10:00", log)
    assert not holds("has succeeded past 10 minutes", "10:00", log)
    assert not holds("has succeeded", "10:00", log[1:])
