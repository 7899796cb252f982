"""Tasks as objects: their declaration, names, options, files and hooks."""

from pathlib import Path
from typing import Any

import pytest

from rtd import Session
from rtd.common.errors import PolicyError, RtdError
from rtd.core import Task
from rtd.session.app.load_app import load
from rtd.session.app.manifest import manifest_of
from rtd.session.core.default_session import default_session
from rtd.tasks import CodeTask, CommandTask, FuncTask


def work(a: int = 1) -> int:
    return a


class Echo(Task):
    """Says it."""

    def execute(self, word: str = "") -> str:
        return word


@pytest.mark.parametrize("declare", ["FuncTask", "session.task"])
def test_a_declared_function_is_declared_once_more(declare: str) -> None:
    session = Session()
    kind: Any = FuncTask if declare == "FuncTask" else session.task

    @session.task(max_concurrency=5)
    async def download(url: str) -> str:
        return url

    @session.task()
    def plain(n: int = 1) -> int:
        return n

    kind(name="download one", max_concurrency=2)(download)
    kind(name="plain one")(plain)
    one, first = (session.tasks[name].definition.info for name in ("download one", "download"))
    assert (one.lane, one.parameters, one.policies.max_concurrency) == (
        "async",
        first.parameters,
        2,
    )
    assert first.policies.max_concurrency == 5
    assert session.tasks["plain one"].definition.info.lane == "process"
    assert FuncTask(download, name="third").definition.info.lane == "async"


# --- names


def test_the_default_name_is_the_function_s_own() -> None:
    session = Session()
    assert FuncTask()(work) is work
    assert FuncTask(work, name="other")(a=3) == 3
    assert list(session.tasks) == ["work", "other"]
    assert session["work"].session is session


def test_use_instance_naming_names_a_task_by_its_id() -> None:
    session = Session(config={"use_instance_naming": True})
    task = FuncTask(work)
    named = FuncTask(work, name="named")
    definition = session.task(work)
    assert task.name == str(id(task))
    assert named.name == "named"
    assert definition.name == str(id(work))


@pytest.mark.parametrize("how", ["config", "option"])
@pytest.mark.parametrize("declare", ["FuncTask", "session.task"])
@pytest.mark.parametrize(
    ("on_exists", "names", "left"),
    [
        ("replace", ["b", "a"], {"a": "second", "b": "b"}),
        ("ignore", ["a", "b"], {"a": "first", "b": "b"}),
        ("rename", ["a", "b", "a0", "a1"], {"a": "first", "a0": "second", "a1": "third"}),
    ],
)
def test_a_name_that_is_taken(
    how: str, declare: str, on_exists: str, names: list[str], left: dict[str, str]
) -> None:
    session = Session(config={"task_pre_exist": on_exists} if how == "config" else {})
    more: dict[str, Any] = {"on_exists": on_exists} if how == "option" else {}

    def make(name: str, text: str) -> None:
        kind: Any = FuncTask if declare == "FuncTask" else session.task
        kind(name=name, description=text, **more)(lambda: None)

    make("a", "first")
    make("b", "b")
    make("a", "second")
    if on_exists == "rename":
        make("a", "third")
    assert list(session.tasks) == names
    assert {name: session[name].description for name in left} == left


def test_a_name_that_is_taken_is_an_error_by_default() -> None:
    session = Session()
    FuncTask(work)
    match = r"task 'work' exists already \(declared in .*test_task_kinds"
    with pytest.raises(PolicyError, match=match):
        FuncTask(work)
    with pytest.raises(PolicyError, match="on_exists: 'crash' is none of"):
        FuncTask(work, on_exists="crash")
    assert list(session.tasks) == ["work"]


def test_a_kind_without_a_default_name_needs_one() -> None:
    with pytest.raises(PolicyError, match="a Echo needs a name"):
        Echo()
    with pytest.raises(PolicyError, match="CodeTask needs a name"):
        CodeTask("x = 1")
    with pytest.raises(PolicyError, match="give it one"):
        CommandTask("echo x | wc", shell=True)
    assert Echo(name="x").name == "x"


# --- sessions


def test_tasks_declared_before_a_session_are_its_own() -> None:
    early = FuncTask(work, name="early")
    session = Session(tasks=[early], parameters={"x": 1})
    later = Echo(name="later")
    assert [task.name for task in session] == ["early", "later"]
    assert "early" in session
    assert later in session
    assert "nobody" not in session
    assert manifest_of(session).info.parameters[0].name == "x"


def test_a_task_goes_where_it_is_told_to() -> None:
    first, second = Session(), Session()
    FuncTask(work, session=first)
    Echo(session=first, name="echo")
    assert list(first.tasks) == ["work", "echo"]
    assert not second.tasks


def test_an_app_without_a_session_of_its_own_has_the_implied_one(tmp_path: Path) -> None:
    file = tmp_path / "just_tasks_app.py"
    file.write_text("from rtd.tasks import FuncTask\n@FuncTask()\ndef one(): ...\n")
    assert list(load(str(file)).tasks) == ["one"]
    assert list(default_session().tasks) == ["one"]


@pytest.mark.parametrize("name", ["app", "shop", "session"])
def test_an_app_is_found_by_whatever_name_it_has(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"app_{name}.py"
    file.write_text(f"from rtd import App\n{name} = App()\n@{name}.task()\ndef one(): ...\n")
    assert list(load(str(file)).tasks) == list(load(f"{file}:{name}").tasks) == ["one"]


def test_an_app_without_anything_is_told_what_to_write(tmp_path: Path) -> None:
    file = tmp_path / "nothing_app.py"
    file.write_text("x = 1\n")
    with pytest.raises(RtdError, match="has no App; write"):
        load(str(file))


# --- options


def test_options_have_red_engine_s_names() -> None:
    session = Session()
    task = FuncTask(
        work, start_cond="daily", end_cond="time of day after 20:00", timeout="2 hours",
        execution="thread", priority=5, disabled=True, force_run=True, on_startup=True,
        on_shutdown=True, description="Works.\nHard.", parameters={"a": 3}, retries=2,
    )  # fmt: skip
    info = manifest_of(session).tasks["work"]
    assert (info.lane, info.policies.priority, info.policies.retries) == ("thread", 5, 2)
    assert info.policies.timeout_s == 7200
    assert (info.schedule.start, info.schedule.enabled) == ("daily", False)
    assert info.schedule.end == "time of day after 20:00"
    assert (info.force_run, info.on_startup, info.on_shutdown) == (True, True, True)
    assert (info.doc, info.filled) == ("Works.", ("a",))
    assert (task.execution, task.disabled, str(task.start_cond)) == ("thread", True, "daily")


def test_the_same_options_are_session_task_s() -> None:
    session = Session()

    @session.task(execution="thread", disabled=True, on_startup=True, parameters={"a": 2})
    def told(a: int) -> int:
        return a

    info = manifest_of(session).tasks["told"]
    assert (info.lane, info.schedule.enabled, info.on_startup, info.filled) == (
        "thread", False, True, ("a",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"executon": "main"}, "did you mean 'execution'?"),
        ({"kwds_popen": {"cwd": "/"}}, "'kwds_popen' is no option; a command's cwd, env, user"),
        (
            {"execution": "fibre"},
            "unknown lane 'fibre'; known: process, thread, main, async, greenlet",
        ),
        ({"force_run": 1}, "force_run: 1 is neither True nor False"),
        ({"disabled": True, "enabled": True}, "contradict"),
        ({"start_cond": "dayly"}, "did you mean `daily`?"),
        ({"start_cond": "daily & ~memory above 1 GB"}, "speaks of a running run"),
        ({"parameters": {"b": 1}}, "does not take 'b'; it takes a"),
        ({"parameters": ["a"]}, "is no mapping"),
        ({"description": 3}, "3 is no text"),
        ({"timeout": "soon"}, "'soon' is no duration"),
        ({"execution": "thread", "fresh": True}, "its lane must be 'process'"),
    ],
)
def test_a_slip_names_its_task(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(PolicyError, match="task 'work'") as caught:
        FuncTask(work, **options)
    assert problem in str(caught.value)


def test_the_lane_of_gevent_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtd.session.tasks.define_task.find_spec", lambda _name: None)
    with pytest.raises(PolicyError, match="task 'work'") as caught:
        FuncTask(work, execution="greenlet")
    assert "lane 'greenlet' needs gevent: pip install \"rtd-daemon[gevent]\"" in str(caught.value)


def test_a_task_without_a_time_limit_may_be_called_one() -> None:
    assert FuncTask(work, timeout="never").timeout is None


def test_attributes_can_be_set_and_are_checked() -> None:
    session = Session()
    task = Echo(name="echo", start_cond="daily")
    task.start_cond = "hourly"
    task.end_cond = "running past 2 hours"
    task.timeout = "1 min"
    task.priority = 7
    task.disabled = task.force_run = task.on_startup = task.on_shutdown = True
    task.description = "Other."
    task.execution = "main"
    task.parameters = {"word": "x"}
    task.name = "renamed"
    info = manifest_of(session).tasks["renamed"]
    assert (info.schedule.start, info.schedule.end) == ("hourly", "running past 2 hours")
    assert (info.policies.timeout_s, info.policies.priority, info.lane) == (60, 7, "main")
    assert (info.doc, info.filled, info.schedule.enabled) == ("Other.", ("word",), False)
    assert "echo" not in session
    for name, value in (("start_cond", "dayly"), ("execution", "x"), ("priority", 1000)):
        with pytest.raises(PolicyError, match="task 'renamed'"):
            setattr(task, name, value)
    FuncTask(work)
    with pytest.raises(PolicyError, match="exists already"):
        task.name = "work"


def test_a_task_of_the_session_has_an_object_too() -> None:
    session = Session()

    @session.task(start_cond="daily")
    def plain(a: int = 1) -> int:
        return a

    task = session["plain"]
    assert task is session["plain"]
    assert task.execute(a=4) == 4
    task.disabled = True
    assert not manifest_of(session).tasks["plain"].schedule.enabled


def test_a_task_says_where_it_was_made(request: pytest.FixtureRequest) -> None:
    class Deeper(Echo):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)

    for task in (Deeper(name="x"), CommandTask("true"), CodeTask("x = 1", name="code")):
        assert task.definition.info.source.startswith(f"{request.path}:")


# --- files


def test_a_function_in_a_file_tells_its_parameters_without_being_imported(tmp_path: Path) -> None:
    file = tmp_path / "later.py"
    file.write_text(
        "raise SystemExit('not now')\n"
        "async def main(a, /, b, c=1, *, d, e=2, **more):\n    'Does it.'\n"
    )
    task = FuncTask(path=file)
    info = task.definition.info
    assert task.name.endswith("later:main")
    assert info.parameters == (("b", True), ("c", False), ("d", True), ("e", False))
    assert (info.any_parameters, info.lane, info.doc) == (True, "async", "Does it.")
    assert info.source == f"{file}:2"


def test_a_file_that_is_not_there_yet_tells_nothing(tmp_path: Path) -> None:
    task = FuncTask("work", path=tmp_path / "missing.py", name="missing")
    assert task.definition.info.any_parameters
    with pytest.raises(ImportError, match="cannot be read"):
        task()


def test_a_function_by_name_needs_its_file() -> None:
    with pytest.raises(PolicyError, match="say in which file"):
        FuncTask("main")


def test_code_that_is_no_python_is_an_error() -> None:
    with pytest.raises(PolicyError, match="task 'x': its code, line 2: "):
        CodeTask("x = 1\ny = = 2", name="x")


@pytest.mark.parametrize(
    ("command", "options", "problem"),
    [
        ("", {}, "the command is empty"),
        ([], {}, "the command is empty"),
        ("echo 'x", {}, "No closing quotation"),
        (3, {}, "neither a text nor a list"),
        (["echo", 3], {}, "neither a text nor a list"),
        ("echo", {"argform": "+"}, "argform: '\\+' is none of"),
        ("echo", {"umask": "099"}, "umask: '099' is no umask; write an octal text"),
        ("echo", {"umask": "1000"}, "umask: '1000' is no umask"),
        ("echo", {"umask": 0o1000}, "umask: 512 is no umask"),
        ("echo", {"umask": -1}, "umask: -1 is no umask"),
        ("echo", {"umask": True}, "umask: True is no umask"),
        ("echo", {"umask": ""}, "umask: '' is no umask"),
        ("echo", {"stdin": 5}, "stdin: 5 is neither str nor bytes"),
        ("echo", {"user": True}, "user: True is neither str nor int"),
        ("echo", {"env": {"A": None}}, "env: A: None is no text"),
        ("echo", {"memory_limit": 512}, "memory_limit: 512 bytes would end every run at once"),
        ("echo", {"memory_limit": "512"}, "memory_limit: '512' bytes would end every run at once"),
        ("echo", {"umask": 18.0}, "umask: 18.0 is no umask"),
        ("echo", {"execution": "x"}, "unknown lane 'x'"),
        ("echo", {"fresh": True}, "leave out fresh"),
    ],
)
def test_a_command_that_cannot_be_run_is_an_error(
    command: Any, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(PolicyError, match=problem):
        CommandTask(command, name="c", **options)


def test_the_options_of_a_command() -> None:
    def argv(task: CommandTask, **params: Any) -> list[str]:
        found: list[str] = task.definition.command.invocation(params)["argv"]
        return found

    plain = CommandTask("make 'all of it'", name="1", execution="thread")
    assert argv(plain, jobs=4) == ["make", "all of it", "--jobs", "4"]
    short = CommandTask(["make"], argform="short", name="2")
    assert argv(short, j=4, **{"--keep": 1}) == ["make", "-j", "4", "--keep", "1"]
    shell = CommandTask("cat *", shell=True, name="3")
    assert argv(shell, n="a b") == ["/bin/sh", "-c", "cat * --n 'a b'"]
    for umask in ("077", "0o77", " 77 ", "0077", 0o77):
        masked = CommandTask("make", umask=umask, name=f"umask {umask!r}")
        assert masked.definition.command.options == {"umask": 0o77}
    assert CommandTask("make", umask=77, name="4").definition.command.options == {"umask": 77}
    named = CommandTask(["echo", "a b"])
    assert named.name == named.description == "echo 'a b'"


# --- hooks


def test_init_hooks_are_called_around_the_making_of_a_task() -> None:
    session = Session()
    seen: list[Any] = []

    @Task.hook_init
    def plain(task: Task) -> None:
        seen.append(("plain", hasattr(task, "name")))

    @Task.hook_init
    def production_only(task: Task) -> Any:
        yield
        seen.append(task.name)
        task.disabled = True

    FuncTask()(work)
    Echo(name="echo")
    session.task(name="told")(work)
    assert seen == [("plain", False), "work", ("plain", False), "echo", ("plain", True), "told"]
    tasks = manifest_of(session).tasks.values()
    assert [t.schedule.enabled for t in tasks if t.name != "command"] == [False] * 3


def test_an_init_hook_that_raises_is_a_fault_and_nothing_more() -> None:
    session = Session()

    @Task.hook_init
    def broken(task: Task) -> None:
        raise KeyError("no")

    @Task.hook_init
    def twice(task: Task) -> Any:
        yield
        yield

    FuncTask(work)
    assert "work" in session
    first, second = manifest_of(session).info.faults
    assert (first.kind, first.what.endswith("broken")) == ("hook", True)
    assert first.message.startswith("KeyError: 'no' (")
    assert "more than one yield" in second.message


def test_a_task_that_was_made_before_its_session_is_ruled_by_its_session() -> None:
    early = FuncTask(work, name="early")
    session = Session(config={"silence_task_prerun": False})
    assert early.session is session
    alone = Session(as_default=False)
    moved = FuncTask(work, name="moved", session=alone)
    assert Session(tasks=[moved], as_default=False)["moved"].session is moved.session is not alone


def test_an_object_that_is_no_task_no_hook_and_no_configuration_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"tasks: .*work.* is no task"):
        Session(tasks=[work])  # type: ignore[list-item]
    with pytest.raises(RtdError, match="'x' is no mapping"):
        Session(config="x")  # type: ignore[arg-type]

    async def later(task: Task) -> None: ...

    with pytest.raises(PolicyError, match=r"hook_execute: .*later.* is no plain function"):
        Task.hook_execute(later)
    with pytest.raises(PolicyError, match="hook_init: 3 is no plain function"):
        Task.hook_init(3)  # type: ignore[arg-type]


def test_hooks_are_registered_with_and_without_brackets() -> None:
    session = Session()
    assert Task.hook_execute()(work) is work
    assert Task.hook_execute(work) is work
    assert session.hooks.execute == [work, work]


def test_attributes_of_an_object_that_is_no_task_yet() -> None:
    class Hasty(Echo):
        def __init__(self) -> None:
            self.timeout = 3  # type: ignore[assignment]
            super().__init__(name="hasty")

    with pytest.raises(AttributeError, match=r"Hasty is no task before its super\(\).__init__"):
        Hasty()
    with pytest.raises(AttributeError, match="in the task log"):
        _ = Echo(name="echo").last_success
    with pytest.raises(AttributeError, match=r"'Echo' has no attribute 'colour'$"):
        _ = Echo(name="other").colour


def test_the_arguments_of_a_task_are_part_of_the_mark_of_its_code() -> None:
    def mark(command: str) -> int:
        session = Session()
        CommandTask(command, name="c")
        return manifest_of(session).info.code["c"]

    assert mark("echo 1") == mark("echo 1") != mark("echo 2")


def test_code_is_given_the_session_s_parameters_that_it_names() -> None:
    session = Session(parameters={"price": 3, "unused": 1, "append": 2})
    CodeTask("def f():\n  return price\nreturn_value = [f()].append(4)\n", name="code")
    assert manifest_of(session).tasks["code"].filled == ("price",)
