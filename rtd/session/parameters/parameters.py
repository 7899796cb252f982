"""The parameters of a session or of a task, and the decorators that make them of functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import PolicyError
from rtd.session.core.default_session import default_session
from rtd.session.core.serving_app import DeclaredDict
from rtd.session.core.session_state import SessionState
from rtd.session.parameters.argument import Argument
from rtd.session.parameters.func_arg import FuncArg

Function = Callable[..., Any]


class Parameters(DeclaredDict[Any]):
    """Parameters by name, as they were declared: values, and arguments such as `Return`."""

    def __init__(self, given: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        super().__init__()
        self.update(given or {}, **more)

    def __setitem__(self, name: str, value: Any) -> None:
        if not isinstance(name, str) or not name:
            raise PolicyError(f"parameters: {name!r:.80} is no name: it must be a text")
        if isinstance(value, type) and issubclass(value, Argument):
            raise PolicyError(
                f"parameters: {name!r}: {value.__name__} is a class: write {value.__name__}(...)"
            )
        super().__setitem__(name, value)

    def update(self, given: Any = (), /, **more: Any) -> None:
        """Set all names of a mapping or of pairs."""
        try:
            taken = {**dict(given), **more}
        except (TypeError, ValueError):
            raise PolicyError(
                f"parameters: {given!r:.80} is no mapping of names to values"
            ) from None
        for name, value in taken.items():
            self[name] = value

    def param_func(self, func: Function | None = None, *, key: str | None = None) -> Any:
        """Decorator: make a parameter whose value the function returns. `key`: its name."""

        def declare(function: Function) -> Function:
            self[key or function.__name__] = FuncArg(function)
            return function

        return declare if func is None else declare(func)

    def __repr__(self) -> str:
        return f"Parameters({', '.join(f'{name}={value!r}' for name, value in self.items())})"


class FuncParam:
    """Decorator: make a parameter of the session whose value the function returns.

    rtd calls the function right before each run of a task that names the parameter, in the
    run's own process. The decorator returns the function unchanged.

    Args:
        name: of the parameter; default: the function's own.
        session: gets the parameter; default: the default session.
    """

    def __init__(self, name: str | None = None, *, session: SessionState | None = None) -> None:
        if name is not None and not isinstance(name, str):
            raise PolicyError("FuncParam: write @FuncParam() with brackets")
        self._name = name
        self._session = session

    def __call__(self, func: Function) -> Function:
        """Declare the parameter. Raises PolicyError for anything but a function."""
        if not callable(func):
            raise PolicyError(f"FuncParam: {func!r:.80} is no function")
        session = self._session or default_session()
        session.parameters[self._name or func.__name__] = FuncArg(func)
        return func


def read_parameters(given: Any, names: Iterable[str], any_names: bool, where: str) -> Parameters:
    """Read the option `parameters` of a task.

    Args:
        given: a mapping, or None.
        names: the parameters of the task's function.
        any_names: the function takes any others, too.
        where: how an error calls the task.

    Raises:
        PolicyError: no mapping, or names that the function does not take.
    """
    if given is None:
        return Parameters()
    if not isinstance(given, Mapping):
        raise PolicyError(f"{where}: parameters: {given!r:.80} is no mapping of names to values")
    known = list(names)
    unknown = [name for name in given if name not in known]
    if unknown and not any_names:
        hint = did_you_mean(str(unknown[0]), known, f"it takes {', '.join(known) or 'none'}")
        raise PolicyError(f"{where}: parameters: it does not take {unknown[0]!r}{hint}")
    return Parameters(given)


def default_arguments(target: Any) -> dict[str, Argument]:
    """Return the arguments that are defaults in a signature: `def report(day=Return("x"))`."""
    function: Any = inspect.unwrap(target)
    if isinstance(target, type):
        function = vars(target).get("__init__")
    positional = getattr(function, "__defaults__", None) or ()
    keyword = getattr(function, "__kwdefaults__", None) or {}
    found = {name: value for name, value in keyword.items() if isinstance(value, Argument)}
    if any(isinstance(value, Argument) for value in positional):
        code = function.__code__
        names = code.co_varnames[: code.co_argcount][-len(positional) :]
        pairs = zip(names, positional, strict=True)
        found |= {name: value for name, value in pairs if isinstance(value, Argument)}
    return found
