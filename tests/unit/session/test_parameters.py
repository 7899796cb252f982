"""The parameters of a task's runs: where a value comes from, when, and which are refused."""

from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from rtd import Session
from rtd.arguments import (
    Arg,
    BaseArgument,
    EnvArg,
    FuncArg,
    Private,
    Return,
    SimpleArg,
)
from rtd.arguments import Session as SessionArgument
from rtd.arguments import Task as TaskArgument
from rtd.common.errors import PolicyError
from rtd.common.msgpack_values import pack, unpack
from rtd.core import Task
from rtd.model.manifest import Manifest
from rtd.parameters import FuncParam, Parameters
from rtd.session.app.manifest import manifest_of
from rtd.session.parameters.resolve import ParameterFailed
from rtd.tasks import CommandTask, FuncTask


def given(task: FuncTask, /, *fetched: list[bytes | None], **submitted: Any) -> Any:
    """Return the parameters of a run of the task."""
    assert task.definition.resolver is not None
    return task.definition.resolver.resolve(submitted, fetched or None)


def declared(session: Session, **options: Any) -> Any:
    """Declare a task of four parameters."""

    def task(a: Any, b: Any = 1, *, c: Any = 2, d: Any = 3) -> Any:
        return a, b, c, d

    return session.task(**options)(task)


def needs(task: FuncTask) -> tuple[tuple[str, ...], tuple[str, ...]]:
    assert task.definition.resolver is not None
    return task.definition.resolver.fetch_keys


def test_the_order_is_submit_task_session_default() -> None:
    session = Session(parameters={"a": "session", "b": "session", "x": "nobody's"})
    task = declared(session, parameters={"b": "task", "c": "task"})
    manifest_of(session)
    assert given(task) == {"a": "session", "b": "task", "c": "task"}
    assert given(task, b="submit", d="submit") == {
        "a": "session", "b": "submit", "c": "task", "d": "submit",
    }  # fmt: skip
    assert task.definition.info.filled == ("a", "b", "c")
    assert task.definition.info.required == frozenset()


def test_a_task_that_is_given_nothing_costs_nothing() -> None:
    session = Session(parameters={"x": 1})
    task = declared(session)
    manifest_of(session)
    assert task.definition.resolver is None


def test_a_value_set_at_run_time_is_used_at_its_own_level() -> None:
    session = Session(parameters={"a": 1, "b": 2})
    task = declared(session, parameters={"b": 3, "c": Arg("b")})
    manifest_of(session)
    assert needs(task) == (("task|b", "task|c", "|a", "|b"), ())
    assert given(task, [None, None, pack("x"), pack("y")], []) == {"a": "x", "b": 3, "c": "y"}
    assert given(task, [pack(7), pack(8), None, None], []) == {"a": 1, "b": 7, "c": 8}


def test_a_result_is_fetched_by_the_name_of_its_task() -> None:
    session = Session()

    @session.task()
    def fetch() -> None: ...

    @FuncTask(name="other")
    def function() -> None: ...

    task = declared(
        session,
        parameters={"a": Return(fetch), "b": Return(function, default=5), "c": Return("other")},
    )
    info = manifest_of(session).info
    assert info.returned == ("fetch", "other")
    assert needs(task)[1] == ("fetch", "other")
    assert given(task, [], [pack(1), pack(2)]) == {"a": 1, "b": 2, "c": 2}
    assert given(task, [], [None, None]) == {"a": None, "b": 5, "c": None}


def test_functions_are_given_task_session_arguments_and_other_parameters() -> None:
    session = Session(parameters={"region": "north", "depth": 2})
    seen = []

    @FuncParam()
    def a(task: Task, session: Session, region: str, top: Any = Arg("depth"), more: int = 4) -> Any:  # noqa: B008
        seen.append((task.name, session, region, top, more))
        return "found"

    @FuncParam("b")
    async def later(a: Any, n: int = 7) -> Any:
        return [a, n]

    task = declared(session, parameters={"c": FuncArg(lambda x, y, z: (x, y, z), 1, z=3, y=2)})
    manifest_of(session)
    assert given(task) == {"a": "found", "b": ["found", 7], "c": (1, 2, 3)}
    assert seen == [("task", session, "north", 2, 4)]  # once, though two ask for it
    assert needs(task)[0] == ("task|c", "|a", "|b", "|depth", "|region")


def test_arguments_may_stand_in_the_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(parameters={"day": "Monday"})
    monkeypatch.setenv("HOME_OF", "anna")

    def decorated(function: Any) -> Any:
        @wraps(function)
        def inner(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return inner

    @session.task(parameters={"third": 3})
    @decorated
    def task(
        plain: int,
        first: Any = Arg("day"),  # noqa: B008
        second: Any = EnvArg("HOME_OF"),  # noqa: B008
        *,
        third: Any = Arg("day"),  # noqa: B008
        fourth: Any = SessionArgument(),  # noqa: B008
        fifth: Any = TaskArgument(),  # noqa: B008
    ) -> None: ...

    manifest_of(session)
    found = given(task)
    assert (found["first"], found["second"], found["third"]) == ("Monday", "anna", 3)
    assert (found["fourth"], found["fifth"].name) == (session, "task")
    assert task.definition.info.required == {"plain"}


def test_an_argument_of_one_s_own() -> None:
    class Twice(BaseArgument):
        def __init__(self, value: int) -> None:
            self.value = value

        def get_value(self, task: Any) -> Any:  # type: ignore[override]
            return [task.name, self.value * 2]

    session = Session()
    task = declared(session, parameters={"a": Twice(4)})
    manifest_of(session)
    assert given(task) == {"a": ["task", 8]}


def test_a_private_value_is_the_value_wherever_it_stands() -> None:
    session = Session(parameters={"a": Arg("no", Private("1"))})
    session.parameters.param_func(lambda: Private("2"), key="b")
    session.parameters["c"] = FuncArg(lambda x, y, b: x + y + b, Private("3"), y=Private("4"))
    task = declared(session, parameters={"d": Return("task", Private(Arg("a")))})
    told = {p.name: p for p in manifest_of(session).info.parameters}
    assert given(task, [None] * 4, [None]) == {"a": "1", "b": "2", "c": "342", "d": "1"}
    assert [told[name].private for name in "abcd"] == [True, False, False, True]


def test_arguments_within_an_argument_are_resolved_too() -> None:
    session = Session(parameters={"b": EnvArg("NOT_SET_ANYWHERE", FuncArg(lambda: 2))})
    session.parameters.param_func(lambda: Return("task"), key="c")
    task = declared(session, parameters={"a": Arg("no", Arg("b")), "c": 0})
    manifest_of(session)
    assert given(task) == {"a": 2, "b": 2, "c": 0}
    assert task.definition.resolver is not None
    assert not task.definition.resolver.is_quick
    task = session.task(name="late")(lambda c: c)
    wrong = session.task(name="wrong", parameters={"a": Return("x", Arg("none"))})(lambda a: a)
    manifest_of(session)
    assert wrong.definition.resolver is not None
    assert wrong.definition.resolver.find_problems() == {"a": "the session has no parameter 'none'"}
    with fails("'c': the result of 'task' comes too late here"):
        given(task)


def test_plain_values_are_copied_and_others_are_not() -> None:
    thing = object()
    session = Session(parameters={"a": [[1]], "b": thing, "c": SimpleArg({"x": 1})})
    task = declared(session)
    manifest_of(session)
    given(task)["a"][0].append(2)
    assert given(task) == {"a": [[1]], "b": thing, "c": {"x": 1}}


def fails(why: str) -> Any:
    return pytest.raises(ParameterFailed, match=why)


def test_a_value_that_cannot_be_found_fails_with_the_name_of_the_parameter() -> None:
    session = Session()
    session.parameters["b"] = FuncArg(lambda c: c)
    session.parameters["c"] = FuncArg(lambda b: b)
    for value, why in (
        (Arg("nothing"), "'a': the session has no parameter 'nothing'"),
        (EnvArg("NOT_SET_ANYWHERE"), "'a': the environment variable NOT_SET_ANYWHERE is not set"),
        (Return("nobody"), "'a': there is no task 'nobody'"),
        (FuncArg(lambda q: q), "'a': .* takes 'q', and the session has no parameter of that name"),
        (FuncArg(lambda: 1 / 0), "'a': division by zero"),
        (Arg("b"), "'a': it needs itself: b -> c -> b"),
    ):
        session.tasks.clear()
        task = declared(session, parameters={"a": value, "b": 0, "c": 0})
        manifest_of(session)
        with fails(why):
            given(task)
    session = Session()
    defaults = {"a": Arg("no", 1), "b": EnvArg("NO_SUCH", 2), "c": Return("no", 3)}
    task = declared(session, parameters=defaults)
    assert not manifest_of(session).info.faults
    assert given(task) == {"a": 1, "b": 2, "c": 3}


def test_a_parameter_wrong_from_the_start_is_a_fault_when_the_app_is_imported() -> None:
    session = Session(parameters={"known": FuncArg(lambda unknown: unknown)})

    @session.task()
    def fetch_data() -> None: ...

    declared(session, parameters={"a": Return("fetch_date"), "b": Arg("known"), "c": Arg("kown")})

    @session.task(start_cond="daily")
    def lonely(x: int, known: Any) -> None: ...

    faults = {fault.what: fault.message for fault in manifest_of(session).info.faults}
    assert list(faults) == ["task.a", "task.c", "lonely.known", "lonely"]
    assert "did you mean 'fetch_data'?" in faults["task.a"]
    assert "nothing gives it 'x';" in faults["lonely"]
    assert "test_parameters.py:" in faults["lonely"]


def test_wrong_declarations_are_refused_where_they_are() -> None:
    session = Session()
    for wrong, why in (
        ({"aa": 1}, "task 'task': parameters: it does not take 'aa'; did you mean 'a'?"),
        ({"zzz": 1}, "it does not take 'zzz'; it takes a, b, c, d"),
        ([1], "is no mapping"),
        ({"a": Return}, "Return is a class: write Return"),
    ):
        with pytest.raises(PolicyError, match=why.replace("(", r"\(")):
            declared(session, parameters=wrong)
    with pytest.raises(PolicyError, match="with brackets"):
        FuncParam(wrong)  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match="with brackets"):
        FuncArg.to_session(declared)  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match="is no function"):
        FuncArg(5)  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match="it must be a text"):
        session.parameters.update({5: 6})
    with pytest.raises(PolicyError, match=r"parameters: \[1\] is no mapping of names to values"):
        Session(parameters=[1])  # type: ignore[arg-type]


def test_functions_become_parameters_of_the_session_and_stay_what_they_are() -> None:
    session = Session()

    @FuncArg.to_session("first")
    def one() -> int:
        return 1

    @session.parameters.param_func
    def second() -> int:
        return 2

    @session.parameters.param_func(key="third")
    def three() -> int:
        return 3

    assert (one(), second(), three()) == (1, 2, 3)
    assert list(session.parameters) == ["first", "second", "third"]
    assert repr(Parameters(x=1, y=Private("z"))) == "Parameters(x=1, y=Private(******))"


def test_any_parameters_of_its_own_are_passed_on_those_of_the_session_where_they_are_named() -> (
    None
):
    session = Session(parameters={"named": 1, "other": 2})

    @session.task(parameters={"mine": 3})
    def task(named: int, **rest: int) -> None: ...

    CommandTask("true", name="command_task", parameters={"jobs": 4})
    manifest_of(session)
    assert given(task) == {"named": 1, "mine": 3}
    assert given(session.tasks["command_task"]) == {"jobs": 4}


def test_the_supervisor_is_told_values_but_for_those_that_are_private_or_not_known() -> None:
    session = Session(parameters={"plain": [1], "hidden": Private("x"), "thing": object()})
    session.parameters["big"] = "x" * 100_000
    declared(session, parameters={"a": Private(EnvArg("X")), "b": Return("task")})
    told = Manifest.from_dict(manifest_of(session).to_dict()).info.parameters
    rows = {(p.name, p.task): p for p in told}
    plain = rows["plain", None]
    assert (plain.kind, unpack(plain.value or b""), plain.private) == ("value", [1], False)
    assert rows["hidden", None][2:6] == ("value", None, True, "")
    assert rows["thing", None][2:6] == ("value", None, False, "a value of type object")
    assert rows["big", None].value is None
    assert rows["a", "task"][2:6] == ("env", None, True, "environment variable X")
    assert rows["b", "task"][2:6] == ("return", None, False, "result of task")


def test_an_argument_in_the_signature_of_a_delayed_function_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "delayed_task.py"
    file.write_text("from rtd.args import Arg\ndef main(x=Arg('day')): return x\n")
    session = Session()
    task = FuncTask(path=file, name="delayed", session=session)
    with pytest.raises(TypeError, match=r"write it into parameters=\{\.\.\.\}"):
        task()
    assert task(x=1) == 1
