"""Mistakes in declarations are refused, each in one line."""

from typing import Any

import pytest

from rtd import Session
from rtd.arguments import EnvArg, Private
from rtd.common.errors import PolicyError
from rtd.core import Task
from rtd.model.manifest import TaskInfo
from rtd.tasks import CodeTask, CommandTask, FuncTask
from rtd.tasks.loaders import PyLoader


def test_a_function_by_name_needs_a_file() -> None:
    with pytest.raises(PolicyError, match=r"FuncTask\(func_name='clean'\): in which file\?"):
        FuncTask(func_name="clean")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"func": print, "path": "x.py"}, "the function print, or one of the file 'x.py'?"),
        ({"func": "g", "func_name": "h", "path": "x.py"}, "the function 'g', or func_name='h'?"),
        ({"func": 3}, "3 is no function"),
        ({"path": 3}, "path: 3 is no path"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(
    arguments: dict[str, Any], problem: str
) -> None:
    with pytest.raises(PolicyError, match="FuncTask: ") as caught:
        FuncTask(name="g", **arguments)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"env": ["A=1"]}, "env: ['A=1'] is no mapping of names to texts"),
        ({"env": {"A": EnvArg("B")}}, "env: A: EnvArg('B') is known only at a run"),
        ({"stdin": Private(EnvArg("B"))}, "stdin: EnvArg('B') is known only at a run"),
    ],
)
def test_an_option_that_a_command_cannot_have_is_refused(how: dict[str, Any], problem: str) -> None:
    with pytest.raises(PolicyError, match="CommandTask: ") as caught:
        CommandTask("true", name="c", **how)
    assert problem in str(caught.value)


def test_a_loader_s_pattern_is_one_text() -> None:
    with pytest.raises(PolicyError, match=r"PyLoader: glob: \['a', 'b'\] is no text; write one"):
        PyLoader("t", glob=["a", "b"], session=Session())  # type: ignore[arg-type]


def test_a_loader_s_path_is_one() -> None:
    with pytest.raises(PolicyError, match="PyLoader: path: 3 is no path"):
        PyLoader(3, session=Session())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["@mine", "-n", "a|b", *(f"a{c}b" for c in "\t\0\x1b\x7f\x9b\u2028\u202e\u2066\u200f")]
)
def test_a_name_that_a_command_line_would_take_for_something_else_is_refused(name: str) -> None:
    with pytest.raises(PolicyError, match="no leading '@' or '-'"):
        Session(as_default=False).task(name=name)(print)


def test_a_class_may_inherit_from_one_that_is_a_task() -> None:
    session = Session()

    @session.task()
    class First:
        def start(self) -> str:
            return type(self).__name__

    @session.task()
    class Second(First): ...

    assert [Second().start(), First().start()] == ["Second", "First"]
    function = session.task(name="f")(lambda: None)
    with pytest.raises(PolicyError, match="task 'f' is no class: no other can inherit from it"):

        class Third(function): ...  # type: ignore[valid-type, misc]


def test_a_class_that_forgets_the_initializer_above_it_is_told() -> None:
    class Forgets(Task):
        def __init__(self, query: str) -> None:
            self.query = query

        def execute(self) -> None: ...

    class Remembers(Forgets):
        """Its initializer calls the base's itself."""

        def __init__(self, query: str) -> None:
            super().__init__(query)
            Task.__init__(self, name=query)

    with pytest.raises(PolicyError, match=r"Forgets: its __init__ does not call super\(\)"):
        Forgets("SELECT 1")
    assert Remembers("SELECT 2").name == "SELECT 2"


@pytest.mark.parametrize(
    ("options", "limit"),
    [
        ({}, None),
        ({"max_concurrency": 3}, 3),
        ({"overlap": True}, None),
        ({"overlap": False}, 1),
        ({"start_cond": "daily"}, 1),
        ({"start_cond": "daily", "overlap": False, "max_concurrency": 1}, 1),
        ({"start_cond": "daily", "overlap": True}, None),
        ({"start_cond": "daily", "max_concurrency": 3}, 3),
    ],
)
def test_how_many_runs_of_a_task_go_on_at_once(options: dict[str, Any], limit: int | None) -> None:
    task = Session().task(name="t", **options)(print)
    info = TaskInfo.from_dict(task.definition.info.to_dict())
    assert info.concurrency_limit == limit


def test_overlap_false_and_a_higher_limit_contradict() -> None:
    with pytest.raises(PolicyError, match=r"overlap=False .* max_concurrency=3 .* write one"):
        Session().task(name="t", overlap=False, max_concurrency=3)(print)


def test_lane_is_the_word_for_every_kind_of_task_and_execution_goes_on_to_work() -> None:
    class Own(Task):
        def execute(self) -> None: ...

    app = Session()
    for word in ("lane", "execution"):
        how: Any = {word: "thread", "session": app, "on_exists": "rename"}
        tasks: list[Any] = [
            FuncTask(print, name="a", **how),
            CodeTask("x = 1", name="b", **how),
            Own(name="c", **how),
            FuncTask(path="later.py", func_name="main", **how),
        ]
        assert {(one.lane, one.execution) for one in tasks} == {("thread", "thread")}
        CommandTask("true", name="d", **{**how, word: "command"})
    tasks[0].lane = "main"
    assert tasks[0].execution == "main"
    with pytest.raises(PolicyError, match="unknown lane 'threads'"):
        FuncTask(print, name="e", lane="threads", session=app)
    with pytest.raises(PolicyError, match="execution and lane mean the same"):
        FuncTask(print, name="e", lane="thread", execution="main", session=app)
