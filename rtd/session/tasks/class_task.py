"""The members of `rtd.Task` for a class whose runs each make an instance of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import cached_property
from typing import Any, ClassVar

from rtd.common.errors import PolicyError
from rtd.session.context.run_context import emit
from rtd.session.context.task_redis import TASK_REDIS
from rtd.session.core import app_errors

#: A class task's `provide_context`, without arguments.
ProvideContext = Callable[[], "AbstractContextManager[Any] | AbstractAsyncContextManager[Any]"]


class ClassTask:
    """A task that is a class with `start`.

    ```python
    class Count(Task):
        NAME = "team/count"

        def __init__(self, to=10):
            self.to = to

        def start(self):
            for number in range(self.to):
                self.emit("counted", {"number": number})
    ```

    Attributes:
        NAME: of the task, namespaces with `/`; default: the name of the class.
        LANE: the lane of its runs; default: `process`, or `async` for `async def start`.
        Error: raise it for an expected failure; a class may narrow it.
        provide_context: a static method or class method that returns a context manager. Each run
            gets one of its own before the instance is made; the methods run within it.
        task_data: the parameters of the run, by name.
    """

    NAME: ClassVar[str]
    LANE: ClassVar[str | None] = None
    Error: ClassVar[type[app_errors.Error]] = app_errors.Error
    provide_context: ClassVar[ProvideContext | None] = None
    task_data: dict[str, Any]

    def start(self) -> Any:
        """Do the work. The return value is the run's result."""
        raise TypeError(f"{type(self).__name__} has no start() of its own")

    def stop(self) -> Any:
        """Make `start` return soon. rtd calls it once, when the run must end.

        It is called in the context of the run: in the thread that runs `start` (process and main
        lane), in another one (thread lane), or in the event loop (async lane, where it may be
        `async def`). If it raises, `rtd.Stopped` is raised in `start`, and the record has a note.
        """

    def emit(self, event: str, data: Any = None) -> None:
        """Publish an event of this run to everybody who listens to it in Redis.

        It may be called in `__init__`, `start` and `stop`, and in threads that they start. Outside
        of a run it only checks its arguments, so tasks stay testable.

        Args:
            event: its name; those of rtd's own events are refused.
            data: anything that JSON can hold.

        Raises:
            TypeError: a part of the data is not JSON (says which).
            ValueError: a name of rtd's own, or more than 64 KB.
            RuntimeError: in a process that the task has forked.
        """
        emit(event, data)

    @cached_property
    def redis(self) -> Any:
        """A `redis.Redis` for rtd's own database, with decoded replies, made when it is first used.

        One client serves all runs of a process. It has full access: rtd's own keys begin with
        `{rtd:`, leave them alone. Raises LookupError outside of a daemon's processes.
        """
        return TASK_REDIS.client()


def read_name(target: Any) -> str | None:
    """Return the `NAME` of a class; None without one. Raises PolicyError."""
    name = getattr(target, "NAME", None) if isinstance(target, type) else None
    if name is not None and not (isinstance(name, str) and name):
        raise PolicyError(f"class {target.__name__}: its NAME is {name!r:.80}, no text")
    return name


def read_context(kind: Any, where: str, *, is_async: bool) -> ProvideContext | None:
    """Return what makes the context of a task's runs, if it is a class with such a method.

    Raises:
        PolicyError: it is no static method or class method without parameters, or it returns an
            asynchronous context and `start` is a plain function.
    """
    found = inspect.getattr_static(kind, "provide_context", None)
    if found is None or not isinstance(kind, type):
        return None
    function: Any = getattr(kind, "provide_context", None)
    problem = None
    if not callable(function):
        problem = f"it is {found!r:.80}"
    elif inspect.iscoroutinefunction(function):
        problem = "it is 'async def'; decorate it with contextlib.asynccontextmanager"
    elif inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        problem = "it is a generator function; decorate it with contextlib.contextmanager"
    elif needed := _required_parameters(function):
        hint = "; write @staticmethod above it" if needed[0] == "self" else ""
        problem = f"it needs {', '.join(map(repr, needed))}{hint}"
    elif not is_async and _makes_async_context(function):
        raise PolicyError(
            f"{where}: class {kind.__name__}: provide_context is an asynccontextmanager, and start"
            " is a plain function; use contextlib.contextmanager, or write `async def start`"
        )
    if problem is not None:
        raise PolicyError(
            f"{where}: provide_context must be a static method or class method without"
            f" parameters that returns a context manager, but {problem}"
        )
    provide: ProvideContext = function
    return provide


def _makes_async_context(function: Any) -> bool:
    """Check for `contextlib.asynccontextmanager`, not for what else wraps such a function."""
    scope = getattr(function, "__globals__", {}).get("__name__")
    return scope == "contextlib" and inspect.isasyncgenfunction(
        getattr(function, "__wrapped__", None)
    )


def _required_parameters(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a built-in one says nothing of its parameters
        return []
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind not in variable]
