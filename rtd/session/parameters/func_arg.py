"""Parameters whose value a function computes right before each run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from rtd.common.errors import PolicyError
from rtd.session.core.default_session import default_session
from rtd.session.core.session_state import SessionState
from rtd.session.core.signature import inspect_signature
from rtd.session.parameters.argument import (
    MISSING,
    Argument,
    Dependencies,
    ValueSource,
    arguments_in,
    resolve_value,
)

#: Awaits a coroutine in the event loop of the run, from another thread; None: there is no such
#: loop.
Awaiter = Callable[[Coroutine[Any, Any, Any]], Any]
AWAITER: Final[ContextVar[Awaiter | None]] = ContextVar("rtd_awaiter", default=None)
#: Names of a function's parameters that get the task and the session.
_OFFERED: Final = ("task", "session")


class _WantedParameter(NamedTuple):
    """A parameter of a function, and the argument that gives its value."""

    name: str
    argument: Argument | None
    required: bool


class FuncArg(Argument):
    """The value that a function returns, called in the run's own process right before the run.

    The function may name `task`, `session` and parameters of the session. A coroutine function
    is awaited.

    Args:
        func: the function.
        args, kwargs: its arguments.
    """

    def __init__(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        if not callable(func):
            raise PolicyError(f"FuncArg: {func!r:.80} is no function")
        self.func = func
        self._args = args
        self._kwargs = kwargs
        self._wanted = _wanted_by(func, len(args), kwargs)

    @classmethod
    def to_session(
        cls, name: str | None = None, *args: Any, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorator: make a parameter of the session whose value the function returns.

        Args:
            name: of the parameter; default: the function's own.
        """
        if name is not None and not isinstance(name, str):
            raise PolicyError("FuncArg.to_session: write @FuncArg.to_session() with brackets")

        def declare(func: Callable[..., Any]) -> Callable[..., Any]:
            default_session().parameters[name or func.__name__] = cls(func, *args, **kwargs)
            return func

        return declare

    def parts(self) -> tuple[Argument, ...]:
        wanted = (wanted.argument for wanted in self._wanted)
        return arguments_in(*self._args, *self._kwargs.values(), *wanted)

    def resolve(self, source: ValueSource) -> Any:
        given = {name: _valued(value, source) for name, value in self._kwargs.items()}
        for wanted in self._wanted:
            value = self._value_of(wanted, source)
            if value is not MISSING:
                given[wanted.name] = value
        value = self.func(*(_valued(value, source) for value in self._args), **given)
        return _awaited(value) if inspect.iscoroutine(value) else value

    def _value_of(self, wanted: _WantedParameter, source: ValueSource) -> Any:
        if wanted.argument is not None:
            return resolve_value(wanted.argument, source)
        if wanted.name in _OFFERED:
            return getattr(source, wanted.name)
        value = source.parameter(wanted.name)
        if value is MISSING and wanted.required:
            raise LookupError(self._sentence(wanted.name))
        return value

    def _sentence(self, name: str) -> str:
        return f"{self.describe()} takes {name!r}, and the session has no parameter of that name"

    def find_problem(self, session: SessionState) -> str | None:
        for wanted in self._wanted:
            known = wanted.argument is not None or wanted.name in (*_OFFERED, *session.parameters)
            if wanted.required and not known:
                return self._sentence(wanted.name)
        return super().find_problem(session)

    def dependencies(self, session: SessionState) -> Dependencies:
        named = {wanted.name for wanted in self._wanted if wanted.argument is None}
        inner = super().dependencies(session)
        return inner._replace(names=inner.names | named.difference(_OFFERED))

    def describe(self) -> str:
        return f"{getattr(self.func, '__qualname__', type(self.func).__name__)}()"

    def __repr__(self) -> str:
        return f"FuncArg({getattr(self.func, '__name__', self.func)})"


def _valued(value: Any, source: ValueSource) -> Any:
    return resolve_value(value, source) if isinstance(value, Argument) else value


def _awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine. In lane `async` it runs in the task's own loop, to which
    the clients that it opens then belong."""
    awaiter = AWAITER.get()
    if awaiter is not None:
        return awaiter(coroutine)
    import asyncio  # lazy: it makes every fork dearer

    return asyncio.run(coroutine)


def _wanted_by(
    func: Callable[..., Any], positional: int, given: dict[str, Any]
) -> tuple[_WantedParameter, ...]:
    """Return the parameters of a function that its given arguments leave open."""
    try:
        parameters = list(inspect_signature(func).parameters.values())
    except (TypeError, ValueError):  # a builtin without a signature
        return ()
    wanted = []
    for parameter in parameters[positional:]:
        if parameter.name in given or parameter.kind in (
            parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY,
        ):  # fmt: skip
            continue
        default = parameter.default
        argument = default if isinstance(default, Argument) else None
        wanted.append(_WantedParameter(parameter.name, argument, default is parameter.empty))
    return tuple(wanted)
