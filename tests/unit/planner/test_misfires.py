"""Misfires: a record for each, and what each catch-up policy makes of them."""

import pytest

from rtd.model.schedule import Schedule, read_catch_up
from tests.unit.planner.clockwork import Clockwork, at, told

#: The condition comes due five times between 07:00:30 and 07:05:30.
DUES = [at(f"07:0{minute}") for minute in range(1, 6)]


def down(catch_up: str, condition: str = "cron * * * * *") -> Clockwork:
    """A scheduler that starts at 07:05:30; the one before died at 07:00:30."""
    return Clockwork("07:05:30", "07:00:30", task=Schedule(condition, catch_up=catch_up))


@pytest.mark.parametrize(
    ("catch_up", "verdicts"),
    [
        ("none", ["missed"] * 5),
        ("last", ["coalesced"] * 4 + ["late"]),
        ("within 1 minute", ["coalesced"] * 4 + ["late"]),
        ("within 10 seconds", ["missed"] * 5),
        ("if true", ["coalesced"] * 4 + ["late"]),
    ],
)
def test_five_missed_moments_have_five_records(catch_up: str, verdicts: list[str]) -> None:
    clock = down(catch_up)
    found = [one for one in clock.begin() if one.verdict != "owed"]
    assert told(found) == [("task", due, v) for due, v in zip(DUES, verdicts, strict=True)]
    assert all(one.reason for one in found)
    later = clock.go("07:06:30")
    assert told(later)[0] == ("task", at("07:06"), "ran")


def test_all_catches_up_on_each_of_them_in_order_one_after_the_other() -> None:
    clock = down("all")
    (first,) = [one for one in clock.begin() if one.makes_run]
    found = [first, *clock.go("07:05:40")]
    assert told(found) == [("task", due, "late") for due in DUES]


def test_a_catch_up_is_recorded_before_it_starts() -> None:
    found = down("all").begin()
    catch_ups = [one.due_us for one in found if one.verdict == "owed"]
    assert catch_ups == DUES
    assert [one.verdict for one in found].index("owed") < [one.makes_run for one in found].index(
        True
    )


def test_if_true_does_not_run_what_its_condition_no_longer_allows() -> None:
    clock = Clockwork(
        "11:00", "06:00", task=Schedule("daily between 08:00 and 09:00", catch_up="if true")
    )
    found = clock.begin()
    assert told(found) == [("task", at("08:00"), "missed")]
    policy = "catch_up is 'if true', and its condition was no longer true afterwards"
    assert found[0].reason.endswith(f"; {policy}")
    assert told(clock.go(at("08:30", 2))) == [("task", at("08:00", 2), "ran")]


def test_a_missed_moment_is_used_up_though_its_window_is_open() -> None:
    clock = Clockwork("11:00", "06:00", task=Schedule("daily after 08:00", catch_up="none"))
    assert told(clock.begin()) == [("task", at("08:00"), "missed")]
    assert clock.go("23:00") == []
    assert told(clock.go(at("09:00", 2))) == [("task", at("08:00", 2), "ran")]


def test_a_moment_that_was_fired_is_not_missed() -> None:
    clock = down("none", "every 1 minute")
    clock.planner.history.record_event("task", "run", at("07:05"))
    clock.planner.history.record_event("task", "success", at("07:05:01"))
    assert clock.begin() == []
    assert told(clock.go("07:06:10")) == [("task", at("07:06") + 1, "ran")]


def test_a_run_that_goes_on_meanwhile_skips_the_moments_that_it_covers() -> None:
    clock = down("all")
    clock.planner.history.record_start("task", "run", at("07:00"))
    found = clock.begin()
    assert told(found) == [("task", due, "skipped") for due in DUES]


def test_a_disabled_task_has_missed_nothing() -> None:
    clock = down("all")
    clock.planner.enable("task", False)
    assert clock.begin() == []


def test_a_skipped_gap_is_judged_like_a_stop() -> None:
    clock = Clockwork("07:00:30", task=Schedule("cron * * * * *", catch_up="last"))
    clock.begin()
    clock.go("07:00:40")
    found = clock.planner.skip_gap(at("07:00:40"), at("07:05:30"), "the host slept")
    runs = [one for one in found if one.verdict != "owed"]
    assert [one.verdict for one in runs] == ["coalesced"] * 4 + ["late"]
    assert "the host slept" in runs[0].reason


@pytest.mark.parametrize("catch_up", ["none", "last", "all", "within 1 hour"])
def test_misfires_go_on_from_those_that_an_earlier_scheduler_has_recorded(catch_up: str) -> None:
    clock = Clockwork("07:05:30", "07:00:30", task=Schedule("every 1 minute", catch_up=catch_up))
    clock.planner.tasks["task"].use_up(at("07:02:40"))  # it was killed while it recorded them
    found = [one for one in clock.begin() if not one.makes_run]
    assert [one.due_us for one in found] == [at("07:03:40") + 1, at("07:04:40") + 2]


def test_catch_ups_of_an_earlier_scheduler_start_first() -> None:
    clock = down("all")
    clock.planner.tasks["task"].add_catch_up(at("07:00"), "rtd was not running")
    found = [one for one in clock.begin() if one.makes_run]
    assert [one.due_us for one in found] == [at("07:00")]


@pytest.mark.parametrize("text", ["", "some", "within", "within x", 5, None])
def test_a_policy_that_cannot_be_read_says_what_can(text: object) -> None:
    with pytest.raises(ValueError, match=r"SPAN|duration"):
        read_catch_up(text)
