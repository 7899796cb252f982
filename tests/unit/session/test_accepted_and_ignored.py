"""Nothing that a program does to a task or a session is accepted and then ignored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rtd import Session
from rtd.arguments import BaseArgument
from rtd.common.errors import ConfigError, PolicyError
from rtd.core import Scheduler, Task
from rtd.parameters import FuncParam
from rtd.session.app.manifest import manifest_of
from rtd.session.core.serving_app import ServingApp
from rtd.tasks import CodeTask, CommandTask, FuncTask
from rtd.tasks.loaders import PyLoader


class Report(Task):
    """A class of the app, with attributes of its own."""

    def __init__(self, **options: Any) -> None:
        self.query = "select"
        super().__init__(**options)
        self.rows = 0

    def execute(self) -> None:
        self.rows += 1


class Calls:
    """What an executor would do."""

    def __init__(self) -> None:
        self.switched: list[tuple[str, bool]] = []
        self.faults: list[tuple[str, str, str]] = []

    def switch(self, task: str, on: bool) -> None:
        self.switched.append((task, on))

    def fault(self, kind: str, what: str, text: str) -> None:
        self.faults.append((kind, what, text))


@pytest.fixture
def session() -> Session:
    """A session with a task of each kind."""
    made = Session(parameters={"day": 1})
    made.task(name="do_once", start_cond="every 1 s", parameters={"x": 1})(lambda x: x)
    CommandTask("true", name="shell", session=made)
    CodeTask("x = 1", name="code", session=made)
    Report(name="report", session=made)
    return made


@pytest.fixture
def calls(session: Session) -> Calls:
    """The session serves from now on."""
    found = Calls()
    session.freeze(ServingApp(found.switch, found.fault))
    return found


@pytest.mark.parametrize("task", ["do_once", "shell", "code", "report"])
@pytest.mark.parametrize(
    ("name", "meant"),
    [("disabeld", "disabled"), ("strat_cond", "start_cond"), ("timeuot", "timeout")],
)
def test_a_misspelt_attribute_of_a_task_is_refused(
    session: Session, task: str, name: str, meant: str
) -> None:
    with pytest.raises(AttributeError, match=f"{name}.*did you mean '{meant}'"):
        setattr(session[task], name, True)


@pytest.mark.parametrize("name", ["status", "force_termination", "log_level", "last_run"])
def test_an_attribute_without_an_effect_is_refused(session: Session, name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        setattr(session["do_once"], name, True)


@pytest.mark.parametrize(
    ("task", "name"), [("do_once", "func"), ("shell", "command"), ("code", "code")]
)
def test_what_a_task_calls_cannot_be_replaced_unnoticed(
    session: Session, task: str, name: str
) -> None:
    with pytest.raises(AttributeError, match="fixed once the task is made"):
        setattr(session[task], name, "other")


def test_a_class_of_the_app_has_attributes_of_its_own(session: Session) -> None:
    task: Any = session["report"]
    task.query, task.rows, task.names, task.path = "insert", 5, ["a"], "b"
    assert (task.query, task.rows, task.names, task.path) == ("insert", 5, ["a"], "b")
    with pytest.raises(AttributeError, match="cannot be set: it is about runs"):
        task.status = "success"


@pytest.mark.parametrize("name", ["paramters", "scheme", "timezone", "on_startup"])
def test_a_misspelt_attribute_of_a_session_is_refused(session: Session, name: str) -> None:
    with pytest.raises(AttributeError, match=f"'{name}' is no attribute of a session"):
        setattr(session, name, {})


def test_the_parts_of_a_session_can_be_assigned(session: Session) -> None:
    declared: Any = session
    parameters = session.parameters
    declared.parameters = {"day": 2}
    assert session.parameters is parameters
    assert parameters == {"day": 2}
    declared.config = {"cycle_sleep": 3}
    assert session.config.cycle_sleep == 3
    with pytest.raises(ConfigError):
        declared.config = {"cycle_slep": 3}
    with pytest.raises(AttributeError, match="tasks cannot be replaced"):
        declared.tasks = {}


def test_disabled_takes_effect_at_once_where_the_app_serves(session: Session, calls: Calls) -> None:
    session["do_once"].disabled = True
    assert session["do_once"].disabled
    session["do_once"].disabled = False
    Scheduler(session, 1, 0.0).tasks[0].disabled = True
    assert calls.switched[:2] == [("do_once", False), ("do_once", True)]
    assert len(calls.switched) == 3


LATE: dict[str, Callable[[Session], object]] = {
    "start_cond": lambda s: setattr(s["do_once"], "start_cond", "daily"),
    "timeout": lambda s: setattr(s["do_once"], "timeout", 1),
    "force_run": lambda s: setattr(s["do_once"], "force_run", True),
    "name": lambda s: setattr(s["do_once"], "name", "other"),
    "a hook's task": lambda s: setattr(Scheduler(s, 1, 0.0).tasks[0], "end_cond", "daily"),
    "its parameters": lambda s: s["do_once"].parameters.update(x=2),
    "other parameters": lambda s: setattr(s["do_once"], "parameters", {"x": 2}),
    "session parameters": lambda s: s.parameters.__setitem__("day", 2),
    "assigned parameters": lambda s: setattr(s, "parameters", {"day": 2}),
    "merged parameters": lambda s: s.parameters.__ior__({"day": 2}),
    "a parameter gone": lambda s: s.parameters.pop("day"),
    "cleared parameters": lambda s: s.parameters.clear(),
    "a FuncParam": lambda s: FuncParam("other", session=s)(lambda: 1),
    "a task gone": lambda s: s.tasks.pop("do_once"),
    "a deleted task": lambda s: s.tasks.__delitem__("do_once"),
    "the configuration": lambda s: setattr(s.config, "cycle_sleep", 1),
    "a hook": lambda s: Scheduler.hook_cycle(lambda scheduler: None),
    "a loader": lambda s: PyLoader(session=s),
}


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize("what", LATE)
def test_other_changes_while_the_app_serves_are_refused(session: Session, what: str) -> None:
    with pytest.raises(PolicyError, match=r"cannot be changed while the app serves: .*`rtctl "):
        LATE[what](session)
    assert session.parameters == {"day": 1}
    assert list(session.tasks) == ["do_once", "shell", "code", "report"]


def test_a_task_that_is_made_while_the_app_serves_is_a_fault(
    session: Session, calls: Calls
) -> None:
    FuncTask(lambda: None, name="late", session=session)
    assert "late" not in session
    [(kind, what, text)] = calls.faults
    assert (kind, what) == ("task", "late")
    assert "made while the app serves, and runs nowhere" in text


@pytest.mark.parametrize("method", ["prefilter_params", "postfilter_params", "run_as_process"])
def test_a_method_that_only_red_engine_calls_is_refused(method: str) -> None:
    for base in (Task, FuncTask):
        with pytest.raises(PolicyError, match=f"Own.{method}: rtd does not call"):
            type("Own", (base,), {method: lambda self, params: params})


def test_so_is_the_stage_of_an_argument() -> None:
    with pytest.raises(PolicyError, match=r"Own.stage: rtd does not call"):
        type("Own", (BaseArgument,), {"stage": lambda self: self})


@pytest.mark.parametrize("options", [{}, {"execution": "async"}, {"execution": "thread"}])
def test_a_file_that_is_no_python_stops_no_other_task(
    session: Session, tmp_path: Path, options: dict[str, Any]
) -> None:
    file = tmp_path / "broken.py"
    file.write_text("def main(:\n")
    FuncTask(path=file, name="broken", session=session, **options)
    manifest = manifest_of(session)
    assert {"broken", "do_once"} <= manifest.tasks.keys()
    [fault] = [fault for fault in manifest.info.faults if fault.kind == "task"]
    assert fault.what == "broken"
    assert "broken.py, line 1: invalid syntax; its runs fail" in fault.message
