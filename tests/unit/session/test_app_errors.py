"""Exceptions of an app are faults, its own KeyboardInterrupt too; a user's Ctrl-C is none."""

import logging
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rtd import Session
from rtd.common.errors import AppError
from rtd.core import Scheduler, Task
from rtd.model.task_log_entry import LogRow
from rtd.process.events.keyboard_interrupt import CtrlC, mark_ctrl_c
from rtd.session.app.around_run import attach_run_hooks
from rtd.session.app.internal_tasks import InternalTasks
from rtd.session.app.load_app import load
from rtd.session.context.run_context import FAULTS
from rtd.session.core.app_errors import Stopped
from rtd.session.parameters.resolve import ParameterFailed, attach_resolvers
from rtd.session.task_log.emitter import Emitter
from rtd.session.task_log.log_record import LOGGER
from rtd.tasks import FuncTask
from rtd.tasks.loaders import PyLoader

pytestmark = pytest.mark.usefixtures("no_terminal")


@pytest.fixture
def no_terminal() -> Iterator[None]:
    """Ignore SIGINT, as an executor does."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def at_terminal(no_terminal: None) -> None:
    """Let SIGINT act as in any program."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def faults() -> Iterator[list[str]]:
    found: list[str] = []
    FAULTS.sink = lambda kind, what, message, _: found.append(f"{kind} {what}: {message}")
    yield found
    FAULTS.sink = None


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger(LOGGER)
    before = logger.handlers[:], logger.filters[:]
    logger.handlers.clear()
    yield logger
    logger.handlers[:], logger.filters[:] = before


def raising(error: BaseException) -> Callable[..., Any]:
    def raises(*_: Any) -> Any:
        raise error

    return raises


def here(fault: str, what: str) -> bool:
    """Tell whether a fault names the failure and its place."""
    return fault.startswith(f"{what}: KeyboardInterrupt (") and f"{__file__}, line" in fault


def test_hooks_of_the_execution_spoil_no_run(faults: list[str]) -> None:
    session = Session()

    class Kind(Task):
        def execute(self) -> int:
            return 3

        def process_finish(self, status: str) -> None:
            raise KeyboardInterrupt

    task = Kind(name="job")

    @Task.hook_execute
    def plain(_task: Any) -> None:
        raise KeyboardInterrupt

    @Task.hook_execute
    def late(_task: Any) -> Iterator[None]:
        yield
        raise KeyboardInterrupt

    attach_run_hooks(session)
    around = task.definition.run_hooks
    assert around is not None
    assert around.run(lambda: 7) == 7
    name = f"hook {__name__}.test_hooks_of_the_execution_spoil_no_run.<locals>"
    assert here(faults[0], f"{name}.plain")
    assert here(faults[1], "task job.process_finish")
    assert here(faults[2], f"{name}.late")
    assert len(faults) == 3


def test_a_stop_gets_through_all_of_them() -> None:
    session = Session(parameters={"value": 1})
    session.hooks.execute.append(raising(Stopped()))
    session.parameters.param_func(raising(Stopped()), key="value")

    @session.task()
    def job(value: int) -> None: ...

    attach_run_hooks(session)
    attach_resolvers(session)
    assert job.definition.run_hooks is not None
    assert job.definition.resolver is not None
    with pytest.raises(Stopped):
        job.definition.run_hooks.run(lambda: None)
    with pytest.raises(Stopped):
        job.definition.resolver.resolve({}, None)


def test_init_hooks() -> None:
    session = Session()
    Task.hook_init(raising(KeyboardInterrupt()))
    FuncTask(lambda: None, name="job")
    assert "job" in session
    assert here(f"x: {session.faults[0].message}", "x")


def test_a_plain_hook_that_raises_stop_iteration_is_a_fault_too() -> None:
    session = Session()
    Task.hook_init(lambda _task: next(iter(())))
    FuncTask(lambda: None, name="job")
    assert session.faults[0].message.startswith("StopIteration (")


def test_a_generator_hook_that_cannot_be_closed_is_a_fault() -> None:
    @Task.hook_init
    def insistent(_task: Any) -> Iterator[None]:
        yield
        try:
            yield
        except GeneratorExit:
            yield

    session = Session()
    FuncTask(lambda: None, name="job")
    assert [fault.message.partition(" (")[0] for fault in session.faults] == [
        "RuntimeError: generator ignored GeneratorExit"
    ]


def test_hooks_of_the_scheduler() -> None:
    session = Session()
    Scheduler.hook_startup(raising(KeyboardInterrupt()))
    inner = InternalTasks(session, lambda _: True)
    [(kind, name, message)] = inner.run_hooks("startup", False, 0, 0.0)["failures"]
    assert (kind, name) == ("hook", f"{__name__}.raising.<locals>.raises")
    assert here(f"x: {message}", "x")


def test_parameters(faults: list[str]) -> None:
    session = Session()
    session.parameters.param_func(raising(KeyboardInterrupt()), key="value")

    @session.task()
    def job(value: int) -> None: ...

    attach_resolvers(session)
    assert job.definition.resolver is not None
    with pytest.raises(ParameterFailed, match="parameter 'value'"):
        job.definition.resolver.resolve({}, None)
    assert here(faults[0], "parameter job.value")


def test_handlers_and_filters_of_the_log(logger: logging.Logger, faults: list[str]) -> None:
    seen: list[str] = []

    class Bad(logging.Handler):
        emit = close = flush = raising(KeyboardInterrupt())

    class Good(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    logger.addHandler(Bad())
    logger.addHandler(Good())
    emitter = Emitter()
    row = LogRow("job", "run", "R1", 1.0, None)
    emitter.emit(row)
    assert len(seen) == 1
    assert here(faults[0], "log Bad")
    logger.addFilter(raising(KeyboardInterrupt()))
    emitter.emit(row)
    assert here(faults[1], "log a filter")
    emitter.close()
    assert here(faults[2], "log Bad")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("\nraise KeyboardInterrupt\n")
    (tmp_path / "b.py").write_text(
        "from rtd.tasks import FuncTask\nFuncTask(print, name='there')\n"
    )
    return tmp_path


def test_task_files(files: Path) -> None:
    session = Session()
    PyLoader(files)
    session.load_files()
    assert "there" in session
    [fault] = session.faults
    assert (fault.kind, fault.what) == ("loader", f"{files.name}/a.py")
    assert fault.message == f"KeyboardInterrupt ({files / 'a.py'}, line 2)"


@pytest.mark.usefixtures("at_terminal")
def test_task_files_where_a_ctrl_c_raises(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`rtd check` distinguishes the two; a program that reads its files itself cannot."""
    monkeypatch.chdir(files)
    PyLoader(files, session=(session := Session()))
    with mark_ctrl_c():
        session.load_files()
    assert [fault.what for fault in session.faults] == [f"{files.name}/a.py"]
    PyLoader(files, session=(session := Session()))
    with pytest.raises(KeyboardInterrupt):
        session.load_files()


@pytest.mark.usefixtures("at_terminal")
def test_a_ctrl_c_gets_through_a_task_file_and_the_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    press = f"import os\nos.kill({os.getpid()}, {int(signal.SIGINT)})\n"
    (tmp_path / "pressed_app.py").write_text(press)
    with pytest.raises(CtrlC):
        load("pressed_app.py")
    (tmp_path / "raised_app.py").write_text("raise KeyboardInterrupt")
    with pytest.raises(AppError, match=r"import: KeyboardInterrupt \(.*raised_app.py, line 1"):
        load("raised_app.py")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "k.py").write_text(press)
    (tmp_path / "loading_app.py").write_text(
        "from rtd import Session\nfrom rtd.tasks.loaders import PyLoader\n"
        "session = Session()\nPyLoader('t')\n"
    )
    with pytest.raises(CtrlC):
        load("loading_app.py")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
