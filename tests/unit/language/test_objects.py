"""Conditions made as objects mean the same as the texts."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from re import Match

import pytest

import rtd.conditions as c
from rtd.conditions import ME, Condition, ConditionError, Form, Leaf, Poll, parse
from rtd.language.core.evaluation import Evaluation
from rtd.language.core.time_zones import NEVER
from tests.unit.language.support import view

SAME = [
    (c.true, "true"),
    (c.always, "always"),
    (c.never, "never"),
    (c.daily, "daily"),
    (c.minutely.after("15"), "minutely after 15"),
    (c.hourly.before("45:00"), "hourly before 45:00"),
    (c.daily.between("08:00", "2 PM"), "daily between 08:00 and 14:00"),
    (c.weekly.on("Mon"), "weekly on Monday"),
    (c.monthly.starting("5th"), "monthly starting 5th"),
    (c.time_of_minute.before("30"), "time of minute before 30"),
    (c.time_of_hour.after("30:00"), "time of hour after 30:00"),
    (c.time_of_day.between("10:00", "12:00"), "time of day between 10:00 and 12:00"),
    (c.time_of_week.on("Saturday"), "time of week on Sat"),
    (c.time_of_month.after("5th"), "time of month after 5."),
    (c.every("10 minutes"), "every 10 min"),
    (c.every(timedelta(hours=1, minutes=30)), "every 1.5 h"),
    (c.cron("0 8 * * MON-FRI"), "cron 0 8 * * mon-fri"),
    (c.after_success("x"), "after task 'x'"),
    (c.after_failure("x", "y"), "after tasks 'x', 'y' failed"),
    (c.after_terminated("x"), "after task 'x' terminated"),
    (c.after_unsuccessful("x"), "after task 'x' unsuccessful"),
    (c.after_any_unsuccessful("x", "y"), "after any tasks 'x', 'y' unsuccessful"),
    (c.after_finish("x"), "after task 'x' finished"),
    (c.after_any_success("x", "y"), "after any tasks 'x', 'y'"),
    (c.after_any_failure("x", "y"), "after any tasks 'x', 'y' failed"),
    (c.after_any_terminated("x", "y"), "after any tasks 'x', 'y' terminated"),
    (c.after_any_finish("x", "y"), "after any tasks 'x', 'y' finished"),
    (c.has_succeeded(), "has succeeded"),
    (c.has_failed("x").past("2 h"), "task 'x' has failed past 2 hours"),
    (c.has_been_unsuccessful("x").today, "task 'x' has been unsuccessful today"),
    (c.has_terminated().this_minute, "has terminated this minute"),
    (c.has_started().this_hour.before("30:00"), "has started this hour before 30:00"),
    (c.has_finished("x").today.between("10:00", "12:00"),
     "task 'x' has finished today between 10:00 and 12:00"),
    (c.has_inacted().this_week.on("Mon"), "has inacted this week on Monday"),
    (c.has_failed().this_month.after("5th"), "has failed this month after 5th"),
    (c.has_failed().today.starting("06:00"), "has failed today starting 06:00"),
    (c.task_running("x"), "while task 'x' is running"),
    (c.scheduler_started("10 min"), "scheduler started 10 minutes ago"),
    (c.scheduler_run_over("1 h"), "scheduler has run over 1 hour"),
    (c.scheduler_cycles(3), "scheduler has 3 cycles"),
    (c.scheduler_cycles(more_than=3, less_than=9),
     "scheduler has more than 3 cycles & scheduler has less than 9 cycles"),
    (c.param_exists("a"), "param 'a' exists"),
    (c.param_is("a", "b"), "param 'a' is 'b'"),
    (c.env_is("A", ""), "env 'A' is ''"),
    (c.running_past("2 h"), "running past 2 hours"),
    (c.no_output_past("10 min"), "no output past 10 min"),
    (c.memory_above("500 MB"), "memory above 500 MB"),
    (c.memory_above(1024), "memory above 1 KiB"),
    (c.cpu_time_above("1 h"), "cpu time above 1 hour"),
    (c.cpu_above(150, "1 min"), "cpu above 150 % for 1 min"),
    (c.host_memory_above(90), "host memory above 90 %"),
    (c.host_load_above(4.5), "host load above 4.5"),
    (c.daily.between("08:00", "10:00") & c.after_success("fetch"),
     "daily between 08:00 and 10:00 & after task 'fetch'"),
    (c.daily & (c.hourly | ~c.true), "daily & (hourly | ~true)"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "text"), SAME, ids=[row[1] for row in SAME])
def test_an_object_equals_its_text(condition: Condition, text: str) -> None:
    assert condition == parse(text)
    assert hash(condition) == hash(parse(text))
    assert parse(str(condition)) == condition
    assert repr(condition) == f"parse({str(condition)!r})"


@pytest.mark.parametrize(
    "make",
    [
        lambda: c.daily.after("8"),
        lambda: c.daily.after("08:00").before("10:00"),
        lambda: c.time_of_day.on("10:00"),
        lambda: c.cron("61 * * * *"),
        c.after_success,
        lambda: c.after_success(""),
        lambda: c.after_success(5),  # type: ignore[arg-type]
        lambda: c.after_success(*["x"] * 1001),
        lambda: c.has_failed().after("08:00"),
        lambda: c.has_failed().today.past("2 h"),
        c.scheduler_cycles,
        lambda: c.scheduler_cycles(-1),
        lambda: c.param_exists(""),
        lambda: c.memory_above(-1),
        lambda: c.cpu_above(-1, "1 s"),
        lambda: c.host_load_above(float("nan")),
        lambda: c.host_load_above("4"),  # type: ignore[arg-type]
        lambda: c.memory_above(2.5),  # type: ignore[arg-type]
        lambda: c.memory_above(10**15),
        lambda: c.scheduler_cycles(2.5),  # type: ignore[arg-type]
        lambda: c.scheduler_cycles(more_than=10**15),
        lambda: c.param_exists(5),  # type: ignore[arg-type]
        lambda: c.param_is("n", 5),  # type: ignore[arg-type]
        lambda: c.env_is("N", None),  # type: ignore[arg-type]
        lambda: c.all_of([]),
        lambda: c.negate("daily"),  # type: ignore[arg-type]
        lambda: c.any_of(["daily", c.daily]),  # type: ignore[list-item]
    ],
)
def test_a_condition_that_cannot_be_meant_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ConditionError) as caught:
        make()
    assert str(caught.value).count("\n") == (2 if caught.value.text else 0)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_task_may_be_anything_with_a_name() -> None:
    class Task:
        name = "fetch"

    assert c.after_success(Task()) == parse("after task 'fetch'")


def test_conditions_are_immutable_and_small() -> None:
    for condition, _ in SAME:
        assert not hasattr(condition, "__dict__")
        with pytest.raises((AttributeError, TypeError)):
            condition.anything = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "tasks", "polls"),
    [
        ("true", set(), set()),
        ("daily", {ME}, {Poll.TIME}),
        ("time of day after 10:00", set(), {Poll.TIME}),
        ("every 10 min", {ME}, {Poll.TIME}),
        ("cron * * * * *", {ME}, {Poll.TIME}),
        ("after task 'x'", {ME, "x"}, set()),
        ("after any tasks 'x', 'y'", {ME, "x", "y"}, set()),
        ("task 'x' is running & ~has failed", {"x", ME}, {Poll.TIME}),
        ("running past 1 h", set(), {Poll.TIME, Poll.SAMPLE}),
        ("memory above 1 GB", set(), {Poll.SAMPLE}),
        ("host load above 4", set(), {Poll.HOST}),
        ("param 'a' exists", set(), {Poll.PARAMS}),
        ("scheduler has 3 cycles", set(), {Poll.SCHEDULER}),
    ],
)
def test_a_condition_tells_what_it_depends_on(text: str, tasks: set[str], polls: set[Poll]) -> None:
    assert parse(text).depends() == tasks
    assert parse(text).names() == tasks - {ME}
    assert parse(text).polls() == polls


def test_a_condition_tells_which_events_it_watches() -> None:
    assert parse("after task 'x' failed").watches() == {(ME, "run"), ("x", "fail")}
    assert parse("every 10 min").watches() == {(ME, "run")}
    ends = {("x", "success"), ("x", "fail"), ("x", "terminate")}
    assert parse("task 'x' has finished").watches() == ends


def test_a_new_leaf_is_one_class() -> None:
    @dataclass(frozen=True, slots=True, repr=False)
    class NamedMe(Leaf):
        name: str

        def evaluate(self, seen: c.View) -> Evaluation:
            return seen.task == self.name, NEVER

        def fact(self, seen: c.View) -> str:
            return f"I am {seen.task}"

        def __str__(self) -> str:
            return f"i am {self.name}"

    def read(match: Match[str]) -> NamedMe:
        return NamedMe(match[1])

    NamedMe.forms = (Form(("i",), r"i am (\w+)", read, ("i am me",)),)
    grammar = c.Grammar()
    grammar.add(NamedMe)
    condition = parse("i am me & ~i am you", grammar)
    assert condition.check(view("10:00"))
    assert parse(str(condition), grammar) == condition
    with pytest.raises(ConditionError, match="did you mean `i am me`"):
        parse("i an me", grammar)


def test_the_library_needs_nothing_but_the_standard_library() -> None:
    code = (
        "import sys, rtd.conditions as c; c.parse('daily').check(c.View(0.0));"
        "print([m for m in ('psutil', 'redis', 'asyncio', 'socket', 'subprocess', 'msgpack')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
