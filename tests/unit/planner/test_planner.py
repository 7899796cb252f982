"""The planner decides exactly what its conditions say, on any clock."""

import pytest

from rtd.model.schedule import Schedule
from rtd.planner.occurrence import occurrence_id
from rtd.planner.planner import Planner
from tests.unit.planner.clockwork import DAY, MINUTE, SECOND, Clockwork, at, told


def test_a_daily_task_starts_once_a_day_at_the_moment_its_window_opens() -> None:
    clock = Clockwork("07:00", task="daily after 08:00")
    assert clock.begin() == []
    found = clock.go(at("07:00") + 3 * DAY)
    assert told(found) == [("task", at("08:00", day), "ran") for day in (1, 2, 3)]
    assert all(one.start_us == one.due_us for one in found)


def test_a_task_never_overlaps_itself_unless_it_may() -> None:
    loose = Schedule("every 1 minute", overlap=True)
    clock = Clockwork("07:00", strict="every 1 minute", loose=loose)
    clock.begin(run_us=None)
    found = clock.go("07:05", run_us=None)
    assert [one.task for one in found].count("strict") == 0
    assert [one.task for one in found].count("loose") == 4


def test_a_task_held_by_its_own_run_starts_when_that_ends_and_is_late() -> None:
    clock = Clockwork("07:00", task="every 1 minute")
    (first,) = clock.begin(run_us=None)
    assert clock.go("07:03", run_us=None) == []
    clock.planner.events.record_end("task", "success", first.run_id, at("07:03"))
    (held,) = clock.planner.advance(at("07:03"))
    assert (held.due_us, held.start_us) == (at("07:01") + 1, at("07:03"))
    assert (held.verdict, held.reason) == ("late", "a run of its own was still going")


def test_a_window_that_closes_before_the_own_run_ends_is_skipped() -> None:
    clock = Clockwork("07:00", task="cron */2 * * * *")
    assert told(clock.begin(run_us=None)) == [("task", at("07:00"), "ran")]
    found = clock.go("07:05:30", run_us=None)
    assert told(found) == [
        ("task", at("07:02"), "skipped"),
        ("task", at("07:04"), "skipped"),
    ]


def test_one_event_starts_all_that_depend_on_it_and_nothing_else() -> None:
    tasks = {f"t{n}": "after task 'x'" for n in range(1000)}
    clock = Clockwork("07:00", other="after task 'y'", **tasks)
    assert clock.begin() == []
    assert clock.planner.next_wake() is None
    clock.planner.events.record_end("x", "fail", "run", at("07:01"))
    assert clock.planner.advance(at("07:01")) == []
    clock.planner.events.record_end("x", "success", "run", at("07:02"))
    found = clock.planner.advance(at("07:02"))
    assert sorted(one.task for one in found) == sorted(tasks)
    assert {one.due_us for one in found} == {at("07:02")}
    assert clock.planner.next_wake() is None


def test_a_task_waits_for_all_it_comes_after() -> None:
    clock = Clockwork("07:00", task="after tasks 'a', 'b' & daily after 08:00")
    clock.begin()
    clock.planner.events.record_end("a", "success", "1", at("07:10"))
    assert clock.go("09:00") == []
    clock.planner.events.record_end("b", "success", "2", at("09:10"))
    assert told(clock.planner.advance(at("09:10"))) == [("task", at("09:10"), "ran")]


def test_a_disabled_task_starts_nothing_and_its_due_moments_are_skipped() -> None:
    clock = Clockwork("07:00", cron="cron 30 7 * * *", daily="daily after 08:00")
    clock.begin()
    clock.planner.enable("cron", enabled=False)
    clock.planner.enable("daily", enabled=False)
    found = clock.go("09:00")
    assert told(found) == [("cron", at("07:30"), "skipped")]
    assert found[0].reason == "it was disabled"
    clock.planner.enable("daily", enabled=True)
    (late,) = clock.planner.advance(at("09:00"))
    assert (late.due_us, late.verdict, late.reason) == (at("08:00"), "late", "it was disabled")


def test_a_paused_schedule_goes_on_when_it_is_resumed() -> None:
    clock = Clockwork("07:00", a="every 1 hour", b="daily after 08:00")
    clock.planner.pause(True)
    assert clock.begin() == []
    assert clock.go("09:00") == []
    clock.planner.pause(False)
    assert sorted(one.task for one in clock.planner.advance(at("09:00"))) == ["a", "b"]


def test_a_constant_condition_starts_again_whenever_its_run_ends() -> None:
    clock = Clockwork("07:00", task="true")
    found = clock.begin(run_us=None)
    for _ in range(3):
        clock.planner.events.record_end(
            "task", "success", found[-1].run_id, found[-1].start_us + SECOND
        )
        found += clock.planner.advance(found[-1].start_us + SECOND)
    assert [one.due_us for one in found] == [at("07:00") + n * SECOND for n in range(4)]


def test_a_condition_that_stays_true_lets_an_overlapping_task_start_once() -> None:
    clock = Clockwork("07:00", task=Schedule("time of day after 08:00", overlap=True))
    clock.begin()
    assert told(clock.go("23:00", run_us=None)) == [("task", at("08:00"), "ran")]


def test_a_cancelled_run_uses_up_its_moment_and_is_no_end_for_others() -> None:
    clock = Clockwork("07:59", task="daily after 08:00", other="after task 'task' finished")
    clock.begin()
    (fired,) = clock.go("08:00", run_us=None)
    clock.planner.events.record_end("task", "inaction", fired.run_id, at("08:01"))
    assert clock.go("23:00") == []
    leaf = clock.planner.tasks["task"].condition.explain(
        clock.planner.views.view_of(clock.planner.tasks["task"], at("23:00"))
    )
    assert "the start time was used up without a run 08:01" in leaf.fact


@pytest.mark.parametrize("text", ["cron * * * * *", "every 1 minute"])
def test_a_missed_moment_is_no_start_in_the_facts(text: str) -> None:
    clock = Clockwork("07:59", task=text)
    clock.begin()
    planner, task = clock.planner, clock.planner.tasks["task"]
    planner.history.use_up("task", at("08:01:10"))
    leaf = task.condition.explain(planner.views.view_of(task, at("08:01:20")))
    assert "used up without a run 08:01:10" in leaf.fact
    assert "started" not in leaf.fact


def test_for_a_task_too_a_cancelled_run_has_not_finished() -> None:
    clock = Clockwork("07:59", task="daily after 08:00 | has finished | task 'task' has finished")
    clock.begin()
    (fired,) = clock.go("08:00", run_us=None)
    clock.planner.events.record_end("task", "inaction", fired.run_id, at("08:01"))
    assert clock.go("23:00") == []


def test_a_stall_of_seconds_makes_what_was_due_late() -> None:
    clock = Clockwork("07:59", task="time of day between 08:00 and 08:01 & daily")
    clock.begin()
    (fired,) = clock.planner.advance(at("08:00:02.7"))
    assert (fired.verdict, fired.due_us) == ("late", at("08:00"))
    clock = Clockwork("07:59", task="daily after 08:00")
    clock.begin()
    (fired,) = clock.planner.advance(at("08:00:00.9"))
    assert fired.verdict == "ran"


@pytest.mark.parametrize(
    "condition",
    ["has succeeded today before 10:00 | daily between 12:00 and 13:00", "daily after 12:00"],
)
def test_a_window_remembers_what_happened_in_it_after_later_events(condition: str) -> None:
    clock = Clockwork("07:00", watcher=f"task 'x' has succeeded today before 10:00 & ({condition})")
    clock.begin()
    clock.planner.events.record_end("x", "success", "1", at("09:00"))
    clock.planner.events.record_end("x", "success", "2", at("11:00"))
    (found,) = clock.go("12:30")
    assert found.due_us == at("12:00")


def test_a_clock_set_back_starts_nothing_twice() -> None:
    clock = Clockwork("07:00", daily="daily after 08:00", every="every 1 hour")
    clock.begin()
    before = clock.go("09:30")
    found = clock.planner.set_back(at("07:30"))
    assert found == []
    after = clock.go("10:00")
    assert {one.run_id for one in after if one.task == "daily"} <= {one.run_id for one in before}
    assert [one.due_us for one in after if one.task == "every"] == [
        at("08:30") + 1,
        at("09:30") + 2,
    ]


def test_many_tasks_cost_nothing_while_nothing_is_due() -> None:
    planner = Planner(at("07:00"))
    for n in range(2000):
        planner.add(f"t{n}", Schedule(f"daily after {8 + n % 10:02}:00"))
    planner.begin(at("07:00"))
    looked: list[str] = []
    ask = planner.decider.evaluate
    planner.decider.evaluate = lambda entry, at_us: looked.append(entry.name) or ask(entry, at_us)  # type: ignore[method-assign,func-returns-value]
    for minute in range(60):
        planner.advance(at("07:00") + minute * MINUTE)
    assert looked == []
    assert planner.next_wake() == at("08:00")


def test_the_heap_does_not_grow_with_events() -> None:
    clock = Clockwork("07:00", task="every 1 hour | after task 'x'")
    clock.begin()
    for n in range(5000):
        clock.planner.events.record_end("x", "success", str(n), at("07:00") + n * 1000)
        for fired in clock.planner.advance(at("07:00") + n * 1000):
            clock.planner.events.record_end("task", "success", fired.run_id, fired.start_us)
    assert len(clock.planner.agenda.heap) <= 1100


def test_an_occurrence_has_one_id_for_ever() -> None:
    assert occurrence_id("task", 1_800_000_000_000_001) == occurrence_id(
        "task", 1_800_000_000_000_001
    )
    ids = {occurrence_id(task, at("08:00") + n) for task in ("a", "b") for n in range(1000)}
    assert len(ids) == 2000
    assert max(occurrence_id("a", at("08:00")), occurrence_id("a", at("09:00"))) == occurrence_id(
        "a", at("09:00")
    )


def test_a_parameter_of_the_session_starts_only_the_tasks_that_ask_for_it() -> None:
    clock = Clockwork("07:00", asks="param 'env' is 'prod'", other="every 1 hour")
    assert [one.task for one in clock.begin()] == ["other"]
    clock.go("07:05")
    clock.planner.events.set_params({"env": "test"})
    assert clock.go("07:06") == []
    clock.planner.events.set_params({"env": "prod"})
    found = clock.planner.advance(at("07:10"))
    assert told(found) == [("asks", at("07:10"), "ran")]
    clock.planner.events.record_end("asks", "success", found[0].run_id, at("07:11"))
    clock.planner.events.set_params({})
    assert clock.planner.advance(at("07:11")) == []
