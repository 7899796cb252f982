"""Finds the class of one middleware, makes an instance, and checks its methods."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import AppError
from rtd.session.core.app_errors import describe_error, is_app_error
from rtd.session.core.import_name import find_named
from rtd.session.core.signature import accepts, inspect_signature
from rtd.session.middleware.entries import MiddlewareEntry

__all__ = ["make_entry"]

#: The methods, and what rtd calls each with.
METHODS: Final = {
    "run_task": ("task", "run", "args", "kwargs"),
    "run_task_async": ("task", "run", "args", "kwargs"),
    "process_outcome": ("task", "exc_type", "exc", "traceback"),
}
_SHOWN: Final = {
    "run_task": "(task, run, args, kwargs)",
    "run_task_async": "(task, run, args, kwargs)",
    "process_outcome": "(task, *exc_info)",
}


def make_entry(given: Any, place: str) -> MiddlewareEntry:
    """Return the entry of a middleware, of which one instance was made.

    Args:
        given: dotted text, a class, or a factory without arguments.
        place: where it was written.

    Raises:
        AppError: it cannot be found or made, or has no method that rtd can call.
    """
    name = given if isinstance(given, str) else _name_of(given)
    where = f"middleware {name!r:.200} ({place})"
    make = find_named(given, where) if isinstance(given, str) else given
    if not callable(make):
        raise AppError(f"{where}: {_kind(make)} is no class; name a class, or give a factory")
    instance = _make(make, where)
    has = {method: _check(instance, method, where) for method in METHODS}
    if not any(has.values()):
        raise AppError(f"{where}: {_describe_missing(instance)}")
    is_async = {method: _is_async(instance, method) for method in METHODS}
    if has["run_task_async"] and not is_async["run_task_async"]:
        raise AppError(f"{where}: run_task_async is a plain function; write `async def`")
    return MiddlewareEntry(
        name=name,
        make=make,
        has_run_task=has["run_task"],
        run_task_is_async=is_async["run_task"],
        has_process_outcome=has["process_outcome"],
        process_outcome_is_async=is_async["process_outcome"],
        has_run_task_async=has["run_task_async"],
    )


def _name_of(given: Any) -> str:
    found = getattr(given, "__qualname__", None)
    return f"{given.__module__}.{found}" if isinstance(found, str) else repr(given)


def _kind(value: Any) -> str:
    return "a module" if isinstance(value, ModuleType) else f"an object of {type(value).__name__}"


def _make(make: Callable[[], Any], where: str) -> Any:
    if not accepts(make):
        raise AppError(
            f"{where}: it needs arguments, {_signature(make)}, and rtd has none; give a factory"
            " in App(middleware=[...]): lambda: Class(...)"
        )
    try:
        return make()
    except BaseException as error:
        if not is_app_error(error):
            raise
        raise AppError(f"{where}: it cannot be made: {describe_error(error)}") from error


def _check(instance: Any, name: str, where: str) -> bool:
    """Return whether an instance has a method. Raises AppError for one that cannot be called."""
    try:
        method = getattr(instance, name, None)
    except BaseException as error:
        if not is_app_error(error):
            raise
        raise AppError(f"{where}: {name}: {describe_error(error)}") from error
    if method is None:
        return False
    if not callable(method):
        raise AppError(f"{where}: {name} is {_kind(method)}, no method")
    if inspect.isgeneratorfunction(method) or inspect.isasyncgenfunction(method):
        raise AppError(
            f"{where}: {name} is a generator, whose code a call does not run; leave out yield"
            + (" and call run(*args, **kwargs)" if name != "process_outcome" else "")
        )
    if not accepts(method, *METHODS[name]):
        raise AppError(
            f"{where}: {name} must take {_SHOWN[name]} beside self; it takes {_signature(method)}"
        )
    return True


def _describe_missing(instance: Any) -> str:
    text = f"{type(instance).__name__} has neither run_task nor process_outcome"
    names = [name for name in dir(instance) if not name.startswith("_")]
    hints = ((name, did_you_mean(name, METHODS, cutoff=0.75)) for name in names)
    return next((f"{text}; it has {name!r}{hint}" for name, hint in hints if hint), text)


def _is_async(instance: Any, name: str) -> bool:
    return inspect.iscoroutinefunction(getattr(instance, name, None))


def _signature(function: Callable[..., Any]) -> str:
    return str(inspect_signature(function))
