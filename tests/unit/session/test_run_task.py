"""`rtd.testing.run_task`: a run in this process has all that surrounds a real one."""

import importlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, ClassVar

import pytest

import rtd
from rtctl import Client
from rtd.common.errors import BadRequest, ParameterError, RtdError, UnknownTask, UnserialisableError
from rtd.conf import settings
from rtd.session.context.run_context import FAULTS, find_run
from rtd.session.context.user_events import USER_EVENTS
from rtd.tasks import FuncTask
from rtd.testing import TWorker, run_task


@pytest.fixture
def session() -> rtd.Session:
    return rtd.Session()


def test_the_result_is_what_a_client_gets(session: rtd.Session) -> None:
    @session.task()
    def pair(a: int, b: int = 2) -> tuple[int, int]:
        return a, b

    done = run_task("pair", a=1)
    assert done
    assert (done.state, done.result, done.error, done.why) == ("succeeded", (1, 2), None, "")
    assert run_task(pair, session=session, a=3).result == (3, 2)
    assert done.raise_for_error() is done


def test_a_function_and_a_class_stand_for_their_tasks(session: rtd.Session) -> None:
    class Count(rtd.Task):
        NAME = "team/count"

        def __init__(self, n: int) -> None:
            self.n = n

        def start(self) -> int:
            return self.n + 1

    def plain() -> int:
        return os.getpid()

    session.add_task(Count)
    FuncTask(plain, name="plain one")
    assert run_task(Count, n=1).result == 2
    assert run_task(plain).result == os.getpid()
    with pytest.raises(BadRequest, match="no task of the session has this function"):
        run_task(lambda: None)


def test_what_a_submit_refuses_is_refused(session: rtd.Session) -> None:
    @session.task()
    def add(a: int) -> None: ...

    with pytest.raises(ParameterError, match="misses 'a' and does not take 'x'"):
        run_task(add, x=1)
    with pytest.raises(ParameterError, match=r"an option of the run: rt\.task\('add', queue="):
        run_task(add, a=1, queue="slow")
    with pytest.raises(UnserialisableError, match=r"params\.a"):
        run_task(add, a=object())
    with pytest.raises(UnknownTask, match=r"there is no task 'ad'; did .*rtd check APP` lists all"):
        run_task("ad")
    with pytest.raises(BadRequest, match=r"header .x. is a text"):
        run_task(add, a=1, headers={"x": 1})  # type: ignore[dict-item]
    with pytest.raises(BadRequest, match="attempt must be 1 or more"):
        run_task(add, a=1, attempt=0)


def test_a_result_that_cannot_be_stored_fails(session: rtd.Session) -> None:
    @session.task()
    def wrong() -> object:
        return object()

    @session.task()
    def large() -> str:
        return "x" * (2 << 20)

    done = run_task(wrong)
    assert done.state == "exception"
    assert isinstance(done.error, UnserialisableError)
    assert "limit" in run_task(large).why
    with pytest.raises(RtdError, match="the limit is"):
        run_task(large).raise_for_error()


def test_an_error_and_a_skip(session: rtd.Session) -> None:
    @session.task()
    def fail(how: str) -> None:
        raise {"error": rtd.Error("no"), "skip": rtd.Skip("later"), "other": KeyError("k")}[how]

    assert run_task(fail, how="error").state == "error"
    done = run_task(fail, how="skip")
    assert (done.state, done.error, done.why) == ("cancelled", None, "later")
    done.raise_for_error()
    with pytest.raises(KeyError):
        run_task(fail, how="other").raise_for_error()


def test_the_run_reports(session: rtd.Session) -> None:
    before = threading.Thread.start, USER_EVENTS.sink, FAULTS.sink

    @session.task()
    def work() -> list[Any]:
        run = rtd.current_run()
        rtd.progress(1, 2, "half")
        thread = threading.Thread(target=lambda: rtd.current_run().emit("from thread", {"n": 1}))
        thread.start()
        thread.join()
        rtd.progress(2, 2)
        return [run.attempt, run.headers, run.task]

    done = run_task(work, headers={"trace": "t1"}, attempt=3)
    assert done.result == [3, {"trace": "t1"}, "work"]
    assert done.attempt == 3
    assert done.events == (("from thread", {"n": 1}),)
    assert done.progress == ((1, 2, "half"), (2, 2, ""))
    assert find_run() is None
    assert (threading.Thread.start, USER_EVENTS.sink, FAULTS.sink) == before


def test_retries_are_carried_out_without_their_pauses(session: rtd.Session) -> None:
    calls: list[int] = []

    @session.task(retries=2, backoff="1h", retry_on=["KeyError"])
    def unsteady() -> int:
        calls.append(rtd.current_run().attempt)
        if len(calls) < 3:
            raise KeyError("again")
        return len(calls)

    assert run_task(unsteady).state == "exception"
    assert calls == [1]
    calls.clear()
    done = run_task(unsteady, retries=True)
    assert (done.result, done.attempt, calls) == (3, 3, [1, 2, 3])
    calls.clear()
    done = run_task(unsteady, retries=True, attempt=2)
    assert (done.state, calls) == ("exception", [2, 3])


class Trace:
    told: ClassVar[list[Any]] = []

    def run_task(self, task: Any, run: Any, args: Any, kwargs: Any) -> None:
        run(**{**kwargs, "a": kwargs["a"] * 10})

    def process_outcome(self, task: Any, *exc_info: Any) -> bool:
        self.told.append((task.name, task.state, task.will_retry))
        return isinstance(exc_info[1], ZeroDivisionError)


def test_middleware_hooks_and_parameters_surround_it() -> None:
    session = rtd.Session(middleware=[Trace], parameters={"base": 100})
    seen: list[str] = []
    session.add_exception_handler(lambda error: seen.append(type(error).__name__))

    @rtd.Task.hook_execute
    def hook(task: Any) -> Iterator[None]:
        seen.append("before")
        yield
        seen.append("after")

    @rtd.Executor.hook_start
    def start(executor: Any) -> Iterator[None]:
        seen.append("start")
        yield
        seen.append("stop")

    @session.task(retries=1)
    def add(a: int, base: int) -> int:
        return 1 // (a - 10) + base

    Trace.told.clear()
    assert run_task(add, a=2).result == 100
    assert seen == ["start", "before", "after", "stop"]
    done = run_task(add, a=1)
    assert (done.state, done.result, done.error) == ("succeeded", None, None)
    assert done.note is not None
    assert "made it a success" in done.note
    assert "ZeroDivisionError" in seen
    assert Trace.told == [("add", "succeeded", False), ("add", "exception", True)]


def test_the_context_of_a_class_task(session: rtd.Session) -> None:
    seen: list[str] = []

    class Work(rtd.Task):
        @staticmethod
        @contextmanager
        def provide_context() -> Iterator[None]:
            seen.append("enter")
            yield
            seen.append("leave")

        def start(self) -> None:
            self.emit("done", 1)
            seen.append("start")

    session.add_task(Work)
    assert run_task(Work).events == (("done", 1),)
    assert seen == ["enter", "start", "leave"]


def test_a_test_replaces_the_redis_of_a_class_task(
    session: rtd.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Store(rtd.Task):
        def start(self) -> Any:
            return self.redis.get("key")

    session.add_task(Store)
    with pytest.raises(LookupError, match="no Redis in this process"):
        run_task(Store).raise_for_error()
    monkeypatch.setattr(Store, "redis", {"key": 5}, raising=False)
    assert run_task(Store).result == 5


def test_coroutines(session: rtd.Session) -> None:
    @session.task(lane="async")
    async def work(n: int) -> int:
        rtd.progress(1)
        return n * 2

    assert run_task(work, n=2).result == 4

    @session.task(lane="async")
    async def outer() -> None:
        run_task(work, n=1)

    with pytest.raises(BadRequest, match="this event loop runs already"):
        run_task(outer).raise_for_error()


def test_a_failing_hook_is_a_fault(session: rtd.Session) -> None:
    @rtd.Task.hook_execute
    def hook(task: Any) -> None:
        raise ValueError("broken hook")

    @session.task()
    def work() -> int:
        return 1

    done = run_task(work)
    assert done.result == 1
    assert "broken hook" in done.faults[0]
    assert session.faults == []


def test_a_run_sees_the_context_variables_of_its_hooks_and_leaves_none(
    session: rtd.Session,
) -> None:
    variable: ContextVar[str] = ContextVar("variable", default="none")

    @rtd.Executor.hook_start
    def start(executor: Any) -> None:
        variable.set("hook")

    @session.task()
    def work() -> str:
        found = variable.get()
        variable.set("run")
        return found

    variable.set("test")
    assert run_task(work).result == "hook"
    assert variable.get() == "test"
    with TWorker(session) as worker:
        for _ in range(2):
            Client().submit("work")
        worker.run()
        assert [one.result for one in worker.runs] == ["hook", "hook"]
        assert variable.get() == "test"


def test_a_command_is_refused(session: rtd.Session) -> None:
    with pytest.raises(BadRequest, match="is a command"):
        run_task("command", argv=["true"])


def test_the_settings_module_beside_an_app_is_read_once(project: Path) -> None:
    (project / "settings_app.py").write_text(
        "import rtd\nsession = rtd.Session()\n@session.task()\ndef work(n=1):\n    return n\n"
        "class Ten:\n    def run_task(self, task, run, args, kwargs):\n        run(n=10)\n"
    )
    (project / "rt_settings.py").write_text(
        "import rtd\nMIDDLEWARE = ['settings_app.Ten']\n"
        "SCHEDULE = {'hourly': {'task': 'settings_app.work', 'schedule': rtd.run_every(hours=1)}}\n"
    )
    for _ in range(2):
        assert run_task("work", session="settings_app.py").result == 10
    settings_app = importlib.import_module("settings_app")
    assert run_task(settings_app.work).result == 10
    assert run_task("hourly").result == 10


def test_the_settings_module_of_an_imported_session_is_read(project: Path) -> None:
    (project / "imported_app.py").write_text(
        "import rtd\nsession = rtd.Session()\n@session.task()\ndef work(n=1):\n    return n\n"
        "class Ten:\n    def run_task(self, task, run, args, kwargs):\n        run(n=10)\n"
    )
    (project / "rt_settings.py").write_text("MIDDLEWARE = ['imported_app.Ten']\n")
    imported_app = importlib.import_module("imported_app")
    assert run_task(imported_app.work).result == 10
    assert settings.MIDDLEWARE == ["imported_app.Ten"]
    other = rtd.Session()
    other.task(name="other")(lambda: settings.MIDDLEWARE)
    assert run_task("other", session=other).result == ["imported_app.Ten"]


def test_an_app_by_its_name(project: Path) -> None:
    (project / "shop_app.py").write_text(
        "import rtd\nsession = rtd.Session()\n@session.task()\ndef buy(n):\n    return n\n"
    )
    assert run_task("buy", session="shop_app.py", n=5).result == 5
    assert run_task("buy", session="shop_app", n=6).result == 6
