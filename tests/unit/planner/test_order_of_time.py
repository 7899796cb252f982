"""A turn that comes late decides in the order of time, as if it had come at each moment."""

import pytest

from rtd.model.schedule import Schedule
from rtd.planner.planner import MAX_ROUNDS
from tests.unit.planner.clockwork import SECOND, Clockwork, at, told

LOOSE = Schedule("every 1 second", overlap=True)


def test_a_task_is_not_due_before_its_condition_is_true_though_another_catches_up() -> None:
    clock = Clockwork(
        "07:10", "07:05", late=Schedule("every 1 minute", catch_up="all"), task="every 10 seconds"
    )
    runs = {one.task: one for one in clock.begin(None) if one.makes_run}
    for name in ("late", "task"):  # the first goes on with what it missed
        clock.planner.events.record_end(name, "success", runs[name].run_id, at("07:10:09"))
    found = clock.planner.advance(at("07:10:11"))
    assert told(found) == [
        ("task", at("07:10:10") + 1, "ran"),
        ("late", at("07:07") + 2, "late"),
    ]


def test_a_window_that_opened_and_closed_in_between_is_not_hidden_by_a_later_start() -> None:
    clock = Clockwork("07:59", cron="cron 0 8 * * *", always="always")
    clock.planner.enable("always", False)
    assert clock.begin() == []
    clock.planner.enable("always", True)
    found = clock.planner.advance(at("08:01:30"))
    assert told(found) == [("cron", at("08:00"), "late"), ("always", at("07:59"), "late")]


def test_an_overlapping_task_goes_on_after_a_late_turn_in_which_another_started() -> None:
    clock = Clockwork("07:00", loose=LOOSE, other="always")
    clock.planner.enable("other", False)
    clock.begin(None)
    clock.planner.enable("other", True)
    found = clock.planner.advance(at("07:00:03.5"))
    assert [one.due_us for one in found if one.task == "loose"] == [
        at("07:00") + n * (SECOND + 1) for n in (1, 2, 3)
    ]
    assert clock.planner.next_wake() == at("07:00:04") + 4


def test_an_overlapping_task_goes_on_after_an_event_that_follows_a_late_turn() -> None:
    clock = Clockwork("07:00", loose=LOOSE, other="after task 'x'")
    clock.begin(None)
    clock.planner.advance(at("07:00:03.5"))
    clock.planner.events.record_end("x", "success", "run", at("07:00:03.5"))
    assert told(clock.planner.advance(at("07:00:03.5"))) == [("other", at("07:00:03.5"), "ran")]
    assert clock.planner.next_wake() == at("07:00:04") + 4


@pytest.mark.parametrize("names", [["one"], ["one", "two"]])
def test_a_turn_has_an_end_though_tasks_come_due_again_and_again(names: list[str]) -> None:
    quick = Schedule("every 0.001 ms", overlap=True)
    clock = Clockwork("07:00", **dict.fromkeys(names, quick))
    clock.begin(None)
    found = clock.planner.advance(at("07:00:01"))
    assert len(found) == len(names) * MAX_ROUNDS
    wake_us = clock.planner.next_wake()
    assert wake_us is not None
    assert wake_us < at("07:00:01")


def test_a_start_held_by_a_run_whose_end_is_told_late_is_not_skipped() -> None:
    clock = Clockwork("07:59", task="cron * * * * *")
    (run,) = clock.begin(None)
    assert clock.planner.advance(at("08:00:00.02")) == []
    clock.planner.events.record_end("task", "success", run.run_id, at("07:59:59.99"))
    assert told(clock.planner.advance(at("08:00:00.03"))) == [("task", at("08:00"), "ran")]
