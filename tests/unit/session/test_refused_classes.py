"""Classes and handlers that can never work are refused when they are declared, in one line."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

import pytest

import rtd
from rtd import Session
from rtd.common.errors import PolicyError
from rtd.tasks import FuncTask
from rtd.testing import run_task


class _Base(rtd.Task):
    def start(self) -> Any: ...


class Takes(rtd.Task):
    def start(self, x: int) -> None: ...  # type: ignore[override]


class Selfless(rtd.Task):
    def start() -> None: ...  # type: ignore[misc]


class Yields(rtd.Task):
    def start(self) -> Iterator[int]:
        yield 1


class YieldsAsync(rtd.Task):
    async def start(self) -> AsyncIterator[int]:
        yield 1


class NoStop(_Base):
    stop = 3  # type: ignore[assignment]


class StopTakes(_Base):
    def stop(self, x: int) -> None: ...  # type: ignore[override]


class StopAsync(_Base):
    async def stop(self) -> None: ...


class StopYields(_Base):
    def stop(self) -> Iterator[int]:
        yield 1


class OtherError(_Base):
    Error = ValueError  # type: ignore[assignment]


class Abstract(_Base, ABC):
    @abstractmethod
    def fetch(self) -> None: ...


class AsyncContext(_Base):
    @staticmethod
    @asynccontextmanager
    async def provide_context() -> AsyncIterator[None]:  # type: ignore[override]
        yield


class PlainTakes:
    """No `rtd.Task`, and the same holds."""

    def start(self, x: int) -> None: ...


REFUSED = [
    (Takes, "start takes no parameters but self, and it is start(self, x: int); those of the run"),
    (Selfless, "start takes no parameters but self, and it is start()"),
    (Yields, "start is a generator, whose code a call does not run; leave out yield"),
    (YieldsAsync, "start is a generator"),
    (NoStop, "stop is 3, no method; write `def stop(self):`"),
    (StopTakes, "stop takes no parameters but self, and it is stop(self, x: int)"),
    (StopAsync, "stop is 'async def' and start is not; write `def stop(self):`"),
    (StopYields, "stop is a generator"),
    (OtherError, "Error is <class 'ValueError'>, no subclass of rtd.Error; write"),
    (Abstract, "it is abstract, so that no run can make an instance; define fetch"),
    (AsyncContext, "provide_context is an asynccontextmanager, and start is a plain function"),
    (PlainTakes, "start takes no parameters but self"),
]


@pytest.mark.parametrize(("kind", "problem"), REFUSED, ids=lambda v: getattr(v, "__name__", ""))
def test_a_class_whose_runs_would_all_fail_is_refused(kind: type, problem: str) -> None:
    session = Session()
    declarations: list[Callable[..., Any]] = [session.add_task, session.task, FuncTask]
    for declare in declarations:
        with pytest.raises(PolicyError) as caught:
            declare(kind)
        message = str(caught.value)
        assert message.startswith(f"task '{kind.__name__}': class {kind.__name__}: {problem}")
        assert "\n" not in message
    assert not session.tasks


def test_a_generator_function_is_no_task() -> None:
    def rows() -> Iterator[int]:
        yield 1

    with pytest.raises(PolicyError, match=r"task 'rows': it is a generator, .*return a list"):
        Session().add_task(rows)


def test_an_instance_is_refused_where_the_class_is_the_task() -> None:
    session = Session()
    session.add_task(_Base)
    instance = _Base()
    for call, name in (
        (session.add_task, "add_task"),
        (lambda task: session.add_task(task, timeout=3), "add_task"),
        (session.task, "session.task"),
        (session.start_local_task, "start_local_task"),
        (lambda task: run_task(task, session=session), "rtd.testing"),
    ):
        with pytest.raises(PolicyError) as caught:
            call(instance)
        assert str(caught.value) == f"{name}: an instance of _Base; give the class"


def test_an_exception_handler_takes_the_exception() -> None:
    session = Session()

    def generates(error: BaseException) -> Iterator[None]:
        yield

    for handler in (lambda: 0, lambda a, b: 0, generates):
        with pytest.raises(PolicyError, match="must be a function of one parameter, the exception"):
            session.add_exception_handler(handler)  # type: ignore[arg-type]
    session.add_exception_handler(print)


def gives_five(method: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that gives a method what it needs."""

    @wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return method(*args, 5, **kwargs)

    return wrapper


def test_what_a_decorator_gives_is_no_parameter_of_start() -> None:
    class Given(rtd.Task):
        @gives_five
        def start(self, number: int) -> int:
            return number

        @gives_five
        def stop(self, number: int) -> None: ...

    session = Session()
    session.add_task(Given)
    session.add_exception_handler(gives_five(lambda error, number: None))
    assert run_task(Given, session=session).result == 5
