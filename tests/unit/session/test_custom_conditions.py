"""Custom conditions: their declaration, and their part of the manifest."""

import operator
import re
from collections.abc import Iterator
from typing import Any

import pytest

from rtd.common.errors import PolicyError
from rtd.conditions import GRAMMAR, Custom, daily, parse
from rtd.model.app_info import AppInfo, CustomConditionInfo
from rtd.session import Session
from rtd.session.app.manifest import manifest_of
from rtd.session.core.condition_registry import evaluate_condition, task_name
from rtd.session.core.custom_conditions import FuncCond, TaskCond

WHAT = ("is asked", "matches this", "has run")


@pytest.fixture(autouse=True)
def grammar() -> Iterator[None]:
    """Forget the conditions that a test registers."""
    before = GRAMMAR.copy()
    yield
    for slot in ("_texts", "_patterns", "examples"):
        setattr(GRAMMAR, slot, getattr(before, slot))
    GRAMMAR.cache.clear()


@pytest.fixture
def session() -> Session:
    """A session for one test."""
    return Session(as_default=False)


def custom(session: Session) -> AppInfo:
    """Return the app's info as the supervisor receives it."""
    return AppInfo.from_dict(manifest_of(session, "app").info.to_dict())


def test_a_function_is_a_condition_and_stays_a_function(session: Session) -> None:
    @FuncCond(syntax="has work")
    def has_work() -> bool:
        return True

    assert has_work() is True

    @session.task(start_cond="daily after 08:00 & has work")
    def work() -> None: ...

    assert evaluate_condition("has work") is True
    (info,) = custom(session).custom.values()
    assert (info.arguments, info.task) == ({}, None)
    assert list(custom(session).custom) == ["has work"]


def test_named_groups_of_a_pattern_are_arguments(session: Session) -> None:
    @FuncCond(syntax=re.compile(r"folder (?P<folder>.+) has (?P<what>\w+)"), kwargs={"least": 2})
    def has_files(folder: str, what: str, least: int) -> bool:
        return (folder, what, least) == ("C:/Temp", "files", 2)

    @session.task(start_cond="folder C:/Temp has files", end_cond="folder /x has links")
    def work() -> None: ...

    assert evaluate_condition("folder C:/Temp has files") is True
    assert evaluate_condition("folder C:/Temp has links") is False
    told = custom(session).custom
    assert told["folder C:/Temp has files"].arguments == {"folder": "C:/Temp", "what": "files"}
    assert "folder /x has links" in told


def test_without_a_syntax_it_is_written_as_its_name_and_combines_with_others() -> None:
    @FuncCond()
    def is_quiet() -> bool:
        return False

    assert isinstance(parse("is quiet"), Custom)
    loud = FuncCond(lambda: True, syntax="is loud")
    assert str(loud & daily) == "is loud & daily"
    assert str(~loud | daily) == "~is loud | daily"
    session = Session(as_default=False)
    session.task(name="t", start_cond=loud)(lambda: None)  # type: ignore[arg-type]
    assert session.tasks["t"].definition.info.schedule.start == "is loud"


def test_a_condition_of_an_app_combines_on_either_side_of_an_operator() -> None:
    func = FuncCond(lambda: True, syntax="is asked for")
    task = TaskCond(lambda: True, syntax="is there", start_cond="daily")
    combined = {
        daily & func: "daily & is asked for",
        daily | func: "daily | is asked for",
        func & daily: "is asked for & daily",
        func | daily: "is asked for | daily",
        ~daily & ~task: "~daily & ~is there",
        (daily | task) & func: "(daily | is there) & is asked for",
        func & (daily & task): "is asked for & daily & is there",
        func & task: "is asked for & is there",
        task | func: "is there | is asked for",
        ~(daily & task) | func: "~(daily & is there) | is asked for",
    }
    for condition, text in combined.items():
        assert str(condition) == text
        assert parse(text) == condition


@pytest.mark.parametrize("other", ["daily", None, 5, lambda: True])
def test_another_object_does_not_combine_with_a_condition(other: Any) -> None:
    func = FuncCond(lambda: True, syntax="is asked for")
    for one in (func, daily):
        for combine in (operator.and_, operator.or_):
            with pytest.raises(TypeError, match="unsupported operand"):
                combine(one, other)
            with pytest.raises(TypeError, match="unsupported operand"):
                combine(other, one)
    with pytest.raises(TypeError, match=r"with & \| ~"):
        func and daily  # noqa: B018


@pytest.mark.parametrize(
    ("syntax", "problem"),
    [
        ("daily", "already means 'daily'"),
        ("has & work", "cannot hold '&'"),
        ("", "must be words"),
        (5, "not int"),
        ([b"has work"], "not bytes"),
        (re.compile(r"at (?P<hour>\d+)"), "its syntax gives hour, but"),
    ],
)
def test_a_syntax_that_cannot_be_used_is_refused_in_one_line(
    syntax: str | re.Pattern[str], problem: str
) -> None:
    with pytest.raises(PolicyError, match=re.escape(problem)) as found:
        FuncCond(syntax=syntax)(lambda: True)
    assert "\n" not in found.value.sentence


def test_a_coroutine_function_is_no_condition() -> None:
    async def waits() -> bool:
        return True

    with pytest.raises(PolicyError, match="async def"):
        FuncCond(syntax="waits")(waits)


def test_a_question_to_a_missing_condition_is_an_error() -> None:
    with pytest.raises(LookupError, match="no condition `daily`"):
        evaluate_condition("daily")


def test_each_text_of_a_task_condition_makes_a_task(session: Session) -> None:
    @TaskCond(
        syntax=re.compile(r"data exists for (?P<day>\w+)"),
        start_cond="every 10 minutes",
        cooldown="1 hour",
        execution="thread",
    )
    def has_data(day: str, least: int = 1) -> bool:
        """Whether there is data."""
        return day == "today"

    @session.task(start_cond="data exists for today | data exists for monday")
    def work() -> None: ...

    told = custom(session)
    name = "_condition-has_data(day=today)"
    assert told.custom["data exists for today"] == CustomConditionInfo(
        told.custom["data exists for today"].name, {"day": "today"}, name, 3600.0
    )
    made = session.tasks[name].definition
    assert (made.info.lane, made.info.schedule.start) == ("thread", "every 10 minutes")
    assert (made.info.parameters, made.info.doc) == ((("least", False),), "Whether there is data.")
    monday = session.tasks["_condition-has_data(day=monday)"].definition
    assert (made.target(), monday.target()) == (True, False)
    assert list(custom(session).custom) == list(told.custom)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"data {'x' * 210}a", f"data {'x' * 210}b"),
        ("data '|'", "data '/'"),
        ("data 'a|b'", "data 'a\nb'"),
        ("data a and b", "data 'a, more=b'"),
    ],
)
def test_texts_that_differ_anywhere_make_tasks_of_their_own(
    session: Session, one: str, other: str
) -> None:
    @TaskCond(syntax=re.compile(r"data (?P<what>.+?)(?: and (?P<more>.+))?", re.DOTALL))
    def has_data(what: str, more: str = "") -> str:
        return what

    session.task(name="t", start_cond=f"{one} | {other}")(lambda: None)
    tasks = [str(info.task) for info in custom(session).custom.values()]
    assert len(set(tasks)) == 2
    assert (
        session.tasks[tasks[0]].definition.target() != session.tasks[tasks[1]].definition.target()
    )


def test_quotes_around_an_argument_are_not_part_of_it(session: Session) -> None:
    FuncCond(lambda name: name == "R&D", syntax=re.compile(r"is (?P<name>.+) open"))
    TaskCond(lambda name: name, syntax=re.compile(r"is (?P<name>.+) done"), start_cond="daily")
    assert evaluate_condition("is 'R&D' open") is True
    session.task(name="t", start_cond="is today done | is 'today' done")(lambda: None)
    tasks = [info.task for info in custom(session).custom.values()]
    assert tasks == [tasks[0]] * 2
    assert session.tasks[str(tasks[0])].definition.target() == "today"


def test_the_name_of_a_condition_s_task_is_the_same_after_a_restart() -> None:
    assert task_name("has", {}) == "_condition-has"
    assert task_name("has", {"a": "x, y", "b": "="}) == "_condition-has(a=x, y, b==)"
    assert task_name("has", {"a": "x|y"}) == "_condition-has(a=x/y)~e2e6650a3119"
    cut = task_name("has", {"a": "x" * 300})
    assert (len(cut), cut[-13:]) == (200, "~a7fca9460420")


def test_a_task_condition_may_depend_on_another_condition(session: Session) -> None:
    @FuncCond(syntax="is online")
    def is_online() -> bool:
        return True

    @TaskCond(syntax="has news", start_cond="is online & every 1 minute")
    def has_news() -> bool:
        return True

    session.task(name="read", start_cond="has news")(lambda: None)
    assert set(custom(session).custom) == {"has news", "is online"}


def test_functions_of_the_same_name_are_conditions_of_their_own(session: Session) -> None:
    for name, value in (("one", True), ("two", False)):
        FuncCond(lambda value=value: value, syntax=f"{name} is asked")
        pattern = re.compile(rf"{name} matches (?P<what>\w+)")
        FuncCond(lambda what, value=value: value, syntax=pattern)
        TaskCond(lambda value=value: value, syntax=f"{name} has run", start_cond="every 1 hour")
    text = " | ".join(f"{name} {what}" for name in ("one", "two") for what in WHAT)
    session.task(name="t", start_cond=text)(lambda: None)
    told = custom(session).custom
    assert len(told) == 6
    assert [evaluate_condition(f"one {what}") for what in WHAT] == [True] * 3
    assert [evaluate_condition(f"two {what}") for what in WHAT] == [False] * 3
    tasks = [told[f"{name} has run"].task for name in ("one", "two")]
    assert len(set(tasks)) == 2
    assert [session.tasks[str(task)].definition.target() for task in tasks] == [True, False]


def test_a_module_that_is_imported_again_replaces_its_conditions() -> None:
    def declare(value: bool) -> None:
        FuncCond(lambda: value, syntax=re.compile("the (?:same|other) again"))

    declare(False)
    declare(True)
    assert evaluate_condition("the same again") is True


def test_a_cooldown_that_is_no_duration_is_refused() -> None:
    with pytest.raises(PolicyError, match="cooldown"):
        TaskCond(syntax="x y", cooldown="soon")


def test_they_are_imported_from_where_red_engine_has_them() -> None:
    from rtd import conditions, conds

    assert conditions.FuncCond is FuncCond
    assert conds.TaskCond is TaskCond
    assert conds.daily is daily
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        conditions.Nothing  # noqa: B018
