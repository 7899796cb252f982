"""Custom conditions in the planner: asked while they matter, used once, never taken for true."""

import asyncio

import pytest

from rtd.conditions import Answer, Condition, Grammar, Sample, parse
from rtd.model.schedule import Schedule
from rtd.planner.due_moments import due_moments
from rtd.planner.occurrence import Occurrence
from rtd.planner.planner import Planner
from rtd.supervisor.explain.forecast import Pauses, next_true_at
from tests.unit.planner.clockwork import SECOND, at, told

GRAMMAR = Grammar()
for letter in "xyz":
    GRAMMAR.custom(letter, f"has {letter}")


def read(text: str) -> Condition:
    return parse(text, GRAMMAR)


def begun(now: str = "07:00", **tasks: str | Schedule) -> Planner:
    """A planner that has begun; what starts at once is not told."""
    planner = Planner(at(now), parse_condition=read)
    for name, schedule in tasks.items():
        planner.add(name, Schedule(schedule) if isinstance(schedule, str) else schedule)
    assert planner.begin(at(now)) == []
    return planner


def answer(planner: Planner, now: str, **values: bool | None) -> list[tuple[str, int, str]]:
    """Ask everything that matters and answer it; gives what starts."""
    number = planner.customs.begin_evaluation()
    for name, value in values.items():
        planner.events.record_custom_value(number, f"has {name}", value, "it broke")
    return told(planner.advance(at(now)))


def test_it_is_asked_only_while_its_answer_decides() -> None:
    planner = begun(task="has x & time of day between 08:00 and 09:00")
    assert planner.needed_custom_ids() == set()
    planner.advance(at("08:00"))
    assert planner.needed_custom_ids() == {"has x"}
    assert answer(planner, "08:00:01", x=False) == []
    assert planner.needed_custom_ids() == {"has x"}
    planner.advance(at("09:00"))
    assert planner.needed_custom_ids() == set()


def test_an_answer_of_before_it_mattered_is_not_used() -> None:
    planner = begun(other="has x & false | has x", task="has x & time of day after 08:00")
    assert planner.needed_custom_ids() == {"has x"}
    planner.pause(True)
    planner.advance(at("07:01"))
    assert planner.needed_custom_ids() == set()
    planner.pause(False)
    planner.advance(at("07:01:30"))
    assert answer(planner, "07:02", x=True) == [("other", at("07:02"), "ran")]
    assert told(planner.advance(at("08:00"))) == []
    assert planner.needed_custom_ids() == {"has x"}
    assert answer(planner, "08:00:01", x=True) == [("task", at("08:00:01"), "ran")]


def test_a_firing_uses_the_answer_up_for_its_task_and_for_no_other() -> None:
    loose = Schedule("has x", overlap=True)
    planner = begun(one=loose, two="has x & time of day before 08:00")
    assert answer(planner, "07:01", x=True) == [
        ("one", at("07:01"), "ran"),
        ("two", at("07:01"), "ran"),
    ]
    assert told(planner.advance(at("07:02"))) == []
    assert planner.needed_custom_ids() == {"has x"}  # for `one`: `two` is running
    assert answer(planner, "07:03", x=True) == [("one", at("07:03"), "ran")]


def test_an_answer_that_was_on_its_way_at_the_firing_is_not_used() -> None:
    planner = begun(task=Schedule("has x | has y", overlap=True))
    first, second = planner.customs.begin_evaluation(), planner.customs.begin_evaluation()
    planner.events.record_custom_value(first, "has x", True)
    assert told(planner.advance(at("07:01"))) == [("task", at("07:01"), "ran")]
    planner.events.record_custom_value(second, "has y", True)
    assert told(planner.advance(at("07:02"))) == []


@pytest.mark.parametrize("text", ["~has x", "has x", "~(has x & has y)"])
def test_a_condition_that_is_not_answered_or_fails_starts_nothing_either_way(text: str) -> None:
    planner = begun(task=text)
    assert told(planner.advance(at("07:01"))) == []
    assert answer(planner, "07:02", x=None, y=None) == []
    assert "has x" in planner.needed_custom_ids()


def test_no_condition_is_evaluated_for_a_task_that_is_held() -> None:
    planner = begun(task="has x")
    planner.enable("task", False)
    planner.advance(at("07:01"))
    assert planner.needed_custom_ids() == set()
    planner.enable("task", True)
    planner.advance(at("07:02"))
    assert planner.needed_custom_ids() == {"has x"}
    (started,) = _fire(planner, "07:03")
    assert planner.needed_custom_ids() == set()
    planner.events.record_end("task", "success", started.run_id, at("07:04"))
    planner.advance(at("07:04"))
    assert planner.needed_custom_ids() == {"has x"}


def _fire(planner: Planner, now: str) -> list[Occurrence]:
    planner.events.record_custom_value(planner.customs.begin_evaluation(), "has x", True)
    return planner.advance(at(now))


def test_the_value_of_a_task_stands_until_there_is_another_or_it_is_too_old() -> None:
    planner = begun(task=Schedule("has x & every 1 minute"))
    planner.events.set_task_value("has x", Answer(False, "its task has not run"))
    planner.advance(at("07:00:30"))
    assert planner.needed_custom_ids() == set()
    planner.events.set_task_value("has x", Answer(True, "yes", at("07:05")))
    (first,) = planner.advance(at("07:01"))
    planner.events.record_end("task", "success", first.run_id, at("07:01:01"))
    moments = []
    now = at("07:01:01")
    while (wake := planner.next_wake()) is not None and wake < at("07:10"):
        now = max(now, wake)
        for one in planner.advance(now):
            moments.append(one.due_us)
            planner.events.record_end("task", "success", one.run_id, one.due_us + SECOND)
    assert len(moments) == 3  # 07:02, 07:03, 07:04; at 07:05 the value is too old
    assert max(moments) < at("07:05")


def test_an_end_condition_is_asked_while_a_run_goes_on_and_forgets_older_answers() -> None:
    planner = Planner(at("07:00"), parse_condition=read)
    planner.add_end_condition("task", "has x | memory above 1 GB", None)
    planner.begin(at("07:00"))
    assert "task" in planner.index.watched_tasks
    assert planner.needed_custom_ids() == set()
    planner.events.record_custom_value(planner.customs.begin_evaluation(), "has x", True)
    planner.events.record_start("task", "run", at("07:01"))
    assert planner.needed_custom_ids() == {"has x"}
    view = planner.views.view_of_run("task", None, at("07:01"), Sample(0.0))
    assert not read("has x").check(view)
    planner.events.record_custom_value(planner.customs.begin_evaluation(), "has x", True)
    assert read("has x").check(planner.views.view_of_run("task", None, at("07:01"), Sample(0.0)))
    planner.events.record_end("task", "success", "run", at("07:02"))
    assert planner.needed_custom_ids() == set()


def test_no_due_moment_of_the_past_or_the_future_depends_on_it() -> None:
    planner = begun("07:05", task="~has x & cron 0 * * * *", sure="has x | cron 0 * * * *")
    for name, count in (("task", 0), ("sure", 3)):
        entry = planner.tasks[name]
        view = planner.views.view_of(entry, planner.now_us)
        dues = due_moments(entry, planner.history, view, at("07:30"), at("10:30"))
        assert len(list(dues)) == count, name


def test_the_latest_answer_is_told_to_who_asks_why() -> None:
    planner = begun(task="has x & has y & has z")
    answer(planner, "07:01", x=True, y=None)
    entry = planner.tasks["task"]
    assert planner.views.unknown_custom_ids(entry, at("07:02")) == {
        "has y": "it broke",
        "has z": "",
    }
    tree = entry.condition.explain(planner.views.view_to_explain(entry, at("07:02")))
    assert [leaf.fact for leaf in tree.children] == [
        "it was found true",
        "its evaluation failed: it broke",
        "it has not been evaluated yet",
    ]


def test_when_it_may_start_next_is_not_told_where_an_answer_decides() -> None:
    planner = begun(open="~has x", sure="has x | time of day after 08:00")
    assert asyncio.run(next_true_at(planner, planner.tasks["open"], Pauses())) is None
    assert (
        asyncio.run(next_true_at(planner, planner.tasks["sure"], Pauses())) == at("08:00") / SECOND
    )
