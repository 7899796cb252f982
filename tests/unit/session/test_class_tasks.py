"""One base for tasks that are classes: `execute` makes each instance a task, `start` the class."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import rtd
import rtd.core
from rtd import Session
from rtd.common.errors import PolicyError
from rtd.session.app.manifest import manifest_of
from rtd.tasks import FuncTask
from rtd.testing import run_task


class Numbers(rtd.Task):
    """A class task without parameters."""

    def start(self) -> list[int]:
        return [1, 2]


class Import(rtd.Task):
    """A class whose parameters and attributes are named like options."""

    def __init__(self, name: str, timeout: int = 3, session: str = "mine") -> None:
        super().__init__()
        self.name = name
        self.timeout = timeout
        self.session = session
        self.definition = "a text"  # type: ignore[assignment]

    def start(self) -> list[Any]:
        return [self.name, self.timeout, self.session, self.definition]

    def stop(self) -> None:
        self.priority = -1


def test_there_is_one_task() -> None:
    assert rtd.Task is rtd.core.Task
    session = Session()
    task = session.task(start_cond="every 1 minute")(print)
    assert isinstance(task, rtd.Task)
    assert session["print"] is task is session.tasks["print"]
    assert str(task.start_cond) == "every 1 minute"


def test_a_class_with_start_takes_the_parameters_of_its_own_initializer() -> None:
    session = Session()
    numbers, importing = session.task()(Numbers), session.task(name="import")(Import)
    infos = manifest_of(session).tasks
    assert infos["Numbers"].parameters == ()
    assert not infos["Numbers"].any_parameters
    assert infos["import"].parameters == (("name", True), ("timeout", False), ("session", False))
    assert numbers.execute() == [1, 2]
    assert importing.execute(name="x") == ["x", 3, "mine", "a text"]
    assert importing.name == "import"


def test_an_instance_of_a_run_has_its_attributes_for_itself() -> None:
    run = Import("x")
    with pytest.raises(AttributeError, match="'Import' object has no attribute 'priority'"):
        _ = run.priority
    run.stop()
    assert run.priority == -1
    del run.priority
    assert not hasattr(run, "priority")
    assert repr(run) == "<Import>"
    assert not hasattr(run, "last_run")


def test_a_class_task_may_be_a_dataclass_with_fields_named_like_options() -> None:
    @dataclass
    class Order(rtd.Task):
        name: str
        priority: int = 5

        def start(self) -> tuple[str, int]:
            return self.name, self.priority

    session = Session()
    assert session.task()(Order).execute(name="tea") == ("tea", 5)
    assert manifest_of(session).tasks["Order"].parameters == (("name", True), ("priority", False))


def test_the_stop_of_a_class_is_its_own_only_if_it_defines_one() -> None:
    session = Session()
    stops = [session.task(name=kind.__name__)(kind) for kind in (Numbers, Import)]
    assert [task.definition.has_own_stop for task in stops] == [False, True]
    assert FuncTask(Import, name="other", session=session).definition.has_own_stop


def test_a_class_without_start_is_refused_as_a_class_task() -> None:
    class Nothing(rtd.Task): ...

    class Query(rtd.Task):
        def execute(self) -> None: ...

    session = Session()
    for kind in (Nothing, Query):
        with pytest.raises(PolicyError, match=f"'{kind.__name__}': a class task needs a method st"):
            session.task()(kind)


def test_execute_counts_where_a_class_has_both() -> None:
    class Service(rtd.Task):
        def execute(self) -> str:
            return self.start()

        def start(self) -> str:
            return "started"

    session = Session()
    task = Service(name="service", session=session, priority=3)
    assert (session["service"], task.priority, task.execute()) == (task, 3, "started")


def test_a_class_task_is_no_kind_of_task_in_a_yaml_file(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    from rtd.tasks.loaders import YAMLLoader

    (tmp_path / "a.yaml").write_text("one:\n  class: Numbers\n")
    session = Session()
    YAMLLoader(tmp_path, session=session)
    session.load_files()
    (fault,) = session.faults
    assert "there is no kind of task 'Numbers'" in fault.message


def test_a_decorated_class_may_also_have_an_execute() -> None:
    session = Session()

    @session.task()
    class Both(rtd.Task):
        def __init__(self, priority: int) -> None:
            self.priority = priority

        def start(self) -> int:
            return int(self.execute())

        def execute(self) -> int:
            return self.priority

    assert Both.execute(priority=4) == 4
    assert list(session.tasks) == ["Both"]


def test_the_docstring_of_rtd_s_own_base_is_not_the_task_s() -> None:
    class Documented(rtd.Task):
        """What it is for.

        More of it.
        """

        def start(self) -> None: ...

    class Inherits(Documented): ...

    class Queries(rtd.Task):
        def execute(self) -> None: ...

    session = Session()
    session.add_tasks(Numbers, Import, Documented, Inherits)
    session.add_task(partial(print, "x"), name="partial")
    Queries(name="query", session=session)

    class Bare(rtd.Task):
        def start(self) -> None: ...

    session.add_task(Bare)
    docs = {name: info.doc for name, info in manifest_of(session).tasks.items()}
    assert docs["Numbers"] == "A class task without parameters."
    assert docs["Documented"] == docs["Inherits"] == "What it is for."
    assert docs["Bare"] == docs["query"] == ""
    assert docs["partial"].startswith("Prints the values")


@pytest.mark.parametrize("frozen", [False, True])
def test_a_dataclass_has_the_parameters_of_its_run(frozen: bool) -> None:
    class Order(rtd.Task):
        name: str

        def start(self) -> dict[str, Any]:
            return self.task_data

    session = Session()
    session.add_task(dataclass(frozen=frozen)(Order))
    assert run_task(Order, session=session, name="tea").result == {"name": "tea"}
