"""What a user sees of a run that failed: where, and without rtd's own frames."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import pytest

import rtd
from rtd import Session
from rtd.common.errors import BadRequest, PolicyError
from rtd.common.exception_name import all_names, type_name
from rtd.common.package_root import PACKAGE_ROOT
from rtd.testing import run_task


def context_task(provide: Any) -> type[rtd.Task]:
    class Within(rtd.Task):
        provide_context = staticmethod(provide)

        def __init__(self, fail: bool = True) -> None:
            self.fail = fail

        def start(self) -> None:
            if self.fail:
                raise ValueError("odd")

    return Within


@contextmanager
def never() -> Iterator[None]:
    if not PACKAGE_ROOT:
        yield


@contextmanager
def twice() -> Iterator[None]:
    with suppress(ValueError):
        yield
    yield


@contextmanager
def swallows() -> Iterator[None]:
    with suppress(ValueError):
        yield


@contextmanager
def renames() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise KeyError("renamed") from error


@pytest.mark.parametrize(
    ("provide", "fail", "why"),
    [
        (never, False, "RuntimeError: provide_context of Within: generator didn't yield"),
        (twice, False, "RuntimeError: provide_context of Within: generator didn't stop"),
        (twice, True, "RuntimeError: provide_context of Within: generator didn't stop"),
        (lambda: 3, False, "TypeError: provide_context of Within returned 3, no context manager"),
    ],
)
def test_a_broken_context_names_its_class(provide: Any, fail: bool, why: str) -> None:
    session = Session()
    session.add_task(context_task(provide))
    done = run_task("Within", session=session, fail=fail)
    assert (done.state, done.why.startswith(why)) == ("exception", True), done.why


def test_a_generator_of_the_task_itself_is_not_the_context_s() -> None:
    class Within(rtd.Task):
        provide_context = staticmethod(swallows)

        def start(self) -> None:
            with never():
                pass

    session = Session()
    session.add_task(Within)
    assert run_task(Within, session=session).why == "RuntimeError: generator didn't yield"


def test_a_context_that_swallows_an_exception_leaves_a_note() -> None:
    session = Session()
    session.add_task(context_task(swallows))
    done = run_task("Within", session=session)
    assert (done.state, done.note) == ("succeeded", "its context has swallowed ValueError: odd")
    assert run_task("Within", session=session, fail=False).note is None


def test_an_asynchronous_context_leaves_it_too() -> None:
    @asynccontextmanager
    async def provide() -> AsyncIterator[None]:
        with suppress(ValueError):
            yield

    class Within(rtd.Task):
        provide_context = staticmethod(provide)

        async def start(self) -> None:
            await asyncio.sleep(0)
            raise ValueError("odd")

    session = Session()
    session.add_task(Within)
    done = run_task("Within", session=session)
    assert (done.state, done.note) == ("succeeded", "its context has swallowed ValueError: odd")


class Passes:
    def run_task(self, task: Any, run: Any, args: Any, kwargs: Any) -> None:
        run(**kwargs)

    async def run_task_async(self, task: Any, run: Any, args: Any, kwargs: Any) -> None:
        await run(**kwargs)


class Swallows:
    def run_task(self, task: Any, run: Any, args: Any, kwargs: Any) -> None:
        with suppress(ValueError):
            run(**kwargs)

    async def run_task_async(self, task: Any, run: Any, args: Any, kwargs: Any) -> None:
        with suppress(ValueError):
            await run(**kwargs)


class Repeats:
    def run_task(self, task: Any, run: Any, args: Any, kwargs: Any) -> None:
        with suppress(ValueError):
            run(**kwargs)
        run(again=True)


def fails(again: bool = False) -> str:
    if not again:
        raise ValueError("odd")
    return "done"


async def fails_async() -> None:
    raise ValueError("odd")


def test_a_middleware_that_swallows_an_exception_leaves_a_note() -> None:
    session = Session(middleware=[Passes, Swallows, Passes])
    session.add_tasks(fails, fails_async)
    for name in ("fails", "fails_async"):
        done = run_task(name, session=session)
        assert done.state == "succeeded"
        assert done.note is not None
        assert done.note.endswith(".Swallows has swallowed ValueError: odd")
        assert done.note.count("swallowed") == 1
    repeating = Session(middleware=[Repeats])
    repeating.add_task(fails)
    done = run_task("fails", session=repeating)
    assert (done.result, done.note) == ("done", None)


SEEN: list[str] = []


class Sees(Passes):
    def process_outcome(self, task: Any, *exc_info: Any) -> None:
        SEEN.append("".join(traceback.format_exception(*exc_info)))
        raise LookupError("in process_outcome")


def handles(error: BaseException) -> None:
    SEEN.append("".join(traceback.format_exception(error)))
    raise LookupError("in the handler")


def test_nothing_that_a_user_sees_has_frames_of_rtd(capfd: pytest.CaptureFixture[str]) -> None:
    session = Session(middleware=[Sees, Passes])
    session.add_task(context_task(renames))
    session.add_exception_handler(handles)
    SEEN.clear()
    done = run_task("Within", session=session)
    assert done.why == "KeyError: 'renamed'"
    assert done.error is not None
    shown = [*SEEN, capfd.readouterr().err, "".join(traceback.format_exception(done.error))]
    assert len(SEEN) == 2
    for text in shown:
        assert "ValueError: odd" in text
        assert "in start" in text
        assert "in renames" in text
        assert PACKAGE_ROOT not in text


def test_the_record_has_no_frames_of_rtd(monkeypatch: pytest.MonkeyPatch) -> None:
    from rtd.executor.runs import outcome_of_call

    kept: list[Any] = []
    record = outcome_of_call.record_failure

    def recorded(outcome: Any, error: BaseException) -> None:
        record(outcome, error)
        kept.append(outcome.error)

    monkeypatch.setattr(outcome_of_call, "record_failure", recorded)
    session = Session(middleware=[Passes])
    session.add_task(context_task(renames))
    run_task("Within", session=session)
    (_, _, text) = kept[0]
    assert "in run_task" in text
    assert "in start" in text
    assert "direct cause" in text
    assert PACKAGE_ROOT not in text


def test_the_exceptions_of_rtd_are_named_as_they_are_imported() -> None:
    for name in ("Error", "Skip", "Stopped", "TaskAborted"):
        assert type_name(getattr(rtd, name)) == f"rtd.{name}"


@pytest.mark.parametrize("name", ["Error", "rtd.Error", "rtd.session.core.app_errors.Error"])
def test_a_stored_retry_on_matches_under_the_former_name(name: str) -> None:
    session = Session()
    left = [2]

    @session.task(retries=3, retry_on=[name])
    def tries() -> str:
        left[0] -= 1
        if left[0]:
            raise rtd.Error("again")
        return "done"

    assert run_task("tries", session=session, retries=True).result == "done"
    assert all_names(ValueError) == ("ValueError", "ValueError")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"headers": "x"}, "submit of 'fails': headers are a map of texts, not 'x'"),
        ({"headers": 3}, "submit of 'fails': headers are a map of texts, not 3"),
        ({"headers": [1]}, "submit of 'fails': headers are a map of texts, not [1]"),
        ({"headers": dict}, "submit of 'fails': headers are a map of texts, not <class 'dict'>"),
        ({"headers": {"a": [("b", "c")]}}, "header 'a' is a text, not [('b', 'c')]"),
        ({"retries": "x"}, "retries must be True or False, not 'x'"),
        ({"session": 3}, "session must be a Session or the name of an app, not 3"),
    ],
)
def test_a_wrong_call_of_run_task_is_one_line(options: dict[str, Any], problem: str) -> None:
    session = Session()
    session.add_task(fails)
    with pytest.raises(BadRequest) as caught:
        run_task(fails, **options)
    assert str(caught.value).endswith(problem)


@pytest.mark.parametrize("given", [{"a": 1}, {Passes}, b"x"])
def test_what_is_no_list_of_middleware_is_refused_as_such(given: Any) -> None:
    with pytest.raises(PolicyError, match=r"is no list; write a list of classes or their names"):
        Session(middleware=given)


def test_process_failure_and_the_hooks_of_a_run_get_no_frames_of_rtd() -> None:
    session = Session()
    seen: list[str] = []

    class Query(rtd.Task):
        def execute(self) -> None:
            fails()

        def process_failure(self, *exc_info: Any) -> None:
            seen.append("".join(traceback.format_exception(*exc_info)))

    Query(name="query", session=session)
    assert run_task("query", session=session).state == "exception"
    (text,) = seen
    assert "in execute" in text
    assert PACKAGE_ROOT not in text
