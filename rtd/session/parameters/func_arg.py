"""Parameters whose value a function works out right before each run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rtd.common.errors import PolicyError
from rtd.session.parameters.argument import (
    MISSING,
    Argument,
    Dependencies,
    ValueSource,
    arguments_in,
    resolve_value,
)

if TYPE_CHECKING:
    from rtd.session.session import Session

#: Awaits a coroutine in the event loop that the run is in, from another thread; None: there is
#: no such loop.
Awaiter = Callable[[Coroutine[Any, Any, Any]], Any]
AWAITER: Final[ContextVar[Awaiter | None]] = ContextVar("rtd_awaiter", default=None)
#: What a function may name to be given it.
_OFFERED: Final = ("task", "session")


class _WantedParameter(NamedTuple):
    """A parameter of a function: where its value comes from."""

    name: str
    argument: Argument | None
    required: bool


class FuncArg(Argument):
    """What a function returns, called in the run's own process right before the run.

    The function may name `task` and `session`, and parameters of the session, which it is
    given. A coroutine function is awaited.

    Args:
        func: the function.
        args, kwargs: it is called with these.
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
        """Make a parameter of the session of what the decorated function returns.

        Args:
            name: of the parameter; default: the function's own.
        """
        if name is not None and not isinstance(name, str):
            raise PolicyError("FuncArg.to_session: write @FuncArg.to_session() with brackets")

        def declare(func: Callable[..., Any]) -> Callable[..., Any]:
            from rtd.session.core.default_session import (
                default_session,  # lazy: it needs this module
            )

            default_session().parameters[name or func.__name__] = cls(func, *args, **kwargs)
            return func

        return declare

    def parts(self) -> tuple[Argument, ...]:
        wanted = (wanted.argument for wanted in self._wanted)
        return arguments_in(*self._args, *self._kwargs.values(), *wanted)

    def resolve(self, source: ValueSource) -> Any:
        given = {name: _valued(value, source) for name, value in self._kwargs.items()}
        for wanted in self._wanted:
            value = self._look(wanted, source)
            if value is not MISSING:
                given[wanted.name] = value
        found = self.func(*(_valued(value, source) for value in self._args), **given)
        return _awaited(found) if inspect.iscoroutine(found) else found

    def _look(self, wanted: _WantedParameter, source: ValueSource) -> Any:
        if wanted.argument is not None:
            return resolve_value(wanted.argument, source)
        if wanted.name in _OFFERED:
            return getattr(source, wanted.name)
        found = source.parameter(wanted.name)
        if found is MISSING and wanted.required:
            raise LookupError(self._sentence(wanted.name))
        return found

    def _sentence(self, name: str) -> str:
        return f"{self.describe()} takes {name!r}, and the session has no parameter of that name"

    def find_problem(self, session: Session) -> str | None:
        for wanted in self._wanted:
            known = wanted.argument is not None or wanted.name in (*_OFFERED, *session.parameters)
            if wanted.required and not known:
                return self._sentence(wanted.name)
        return super().find_problem(session)

    def dependencies(self, session: Session) -> Dependencies:
        named = {wanted.name for wanted in self._wanted if wanted.argument is None}
        inner = super().dependencies(session)
        return inner._replace(names=inner.names | named.difference(_OFFERED))

    def describe(self) -> str:
        return f"{getattr(self.func, '__qualname__', type(self.func).__name__)}()"

    def __repr__(self) -> str:
        return f"FuncArg({getattr(self.func, '__name__', self.func)})"


def _valued(value: Any, source: ValueSource) -> Any:
    return resolve_value(value, source) if isinstance(value, Argument) else value


def _awaited(found: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine function returns. Clients that it opens belong to the task's own loop."""
    awaiter = AWAITER.get()
    if awaiter is not None:
        return awaiter(found)
    import asyncio  # lazy: it makes every fork dearer

    return asyncio.run(found)


def _wanted_by(
    func: Callable[..., Any], positional: int, given: dict[str, Any]
) -> tuple[_WantedParameter, ...]:
    """What is to be found for a function that is called with so many values and these names."""
    try:
        parameters = list(inspect.signature(func).parameters.values())
    except (TypeError, ValueError):  # a builtin that tells nothing of itself
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
