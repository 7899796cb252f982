"""A callable as a task: its parameters, whether it is a coroutine function, its source."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from rtd.common.errors import PolicyError
from rtd.common.package_root import PACKAGE_ROOT

if sys.version_info >= (3, 14):
    import annotationlib


class TaskSignature(NamedTuple):
    """The facts about a task's code that are known without running it.

    Attributes:
        parameters: `(name, required)`, in order.
        any_parameters: the code takes other parameters, too.
        free_names: the other parameters that the code names; the session gives them.
        is_async: it is a coroutine function.
        is_class: a run makes an instance and calls its `start`.
        has_own_stop: the class has a `stop`, which rtd calls instead of raising `Stopped`.
        is_command: it is a command of the operating system.
        doc: one line.
        source: `file:line`.
    """

    parameters: tuple[tuple[str, bool], ...] = ()
    any_parameters: bool = False
    free_names: tuple[str, ...] = ()
    is_async: bool = False
    is_class: bool = False
    has_own_stop: bool = False
    is_command: bool = False
    doc: str = ""
    source: str = ""


def signature_of(target: Callable[..., Any], where: str) -> TaskSignature:
    """Return the signature of a function, a class with `start`, or any other callable.

    Args:
        target: the callable.
        where: how an error calls the task.

    Raises:
        PolicyError: a class without `start`, or a parameter that has no name for callers.
    """
    is_class = inspect.isclass(target)
    starter = getattr(target, "start", None) if is_class else target
    if is_class and not callable(starter):
        raise PolicyError(f"{where}: a class task needs a method start()")
    if inspect.isgeneratorfunction(starter) or inspect.isasyncgenfunction(starter):
        what = f"class {target.__name__}: start" if is_class else "it"
        raise PolicyError(
            f"{where}: {what} is a generator, whose code a call does not run; leave out yield, and"
            " return a list"
        )
    parameters, any_parameters = _parameters(target)
    return TaskSignature(
        parameters=parameters,
        any_parameters=any_parameters,
        is_async=inspect.iscoroutinefunction(starter),
        is_class=is_class,
        doc=_doc_of(target),
        source=_source(target),
    )


def inspect_signature(
    target: Callable[..., Any], *, follow_wrapped: bool = True
) -> inspect.Signature:
    """Return the signature of a callable, without evaluating its annotations.

    From Python 3.14 on annotations may name what only type checkers import; to evaluate them, as
    `inspect.signature` does, would fail then.

    Raises:
        TypeError, ValueError: it is not callable; a built-in one has no signature.
    """
    if sys.version_info >= (3, 14):
        return inspect.signature(
            target,
            follow_wrapped=follow_wrapped,
            annotation_format=annotationlib.Format.STRING,
        )
    return inspect.signature(target, follow_wrapped=follow_wrapped)


def accepts(function: Callable[..., Any], *values: Any) -> bool:
    """Return whether a function can be called with these values; True where nothing says.

    A decorator may give the function what it needs, so the wrapper alone counts.
    """
    try:
        signature = inspect_signature(function, follow_wrapped=False)
    except (TypeError, ValueError):
        return True  # it is written in C
    try:
        signature.bind(*values)
    except TypeError:
        return False
    return True


def _doc_of(target: Callable[..., Any]) -> str:
    """Return the first line of a callable's docstring, none of a type that Python or rtd has."""
    if isinstance(target, partial):
        return _doc_of(target.func)
    if inspect.isclass(target):
        return class_doc(target)
    own = getattr(target, "__dict__", {}).get("__doc__")
    if own is None and not inspect.isroutine(target):
        return class_doc(type(target))
    return first_line(own if isinstance(own, str) else inspect.getdoc(target))


def class_doc(kind: type) -> str:
    """Return the first line of a class's docstring, or of the nearest base's that the app has."""
    for base in kind.__mro__:
        package = base.__module__.partition(".")[0]
        if package == "rtd" or (package != "__main__" and package in sys.stdlib_module_names):
            continue
        if isinstance(found := vars(base).get("__doc__"), str):
            return first_line(found)
    return ""


def first_line(text: str | None) -> str:
    """Return the first line of a docstring."""
    return (text or "").strip().partition("\n")[0]


def _parameters(target: Callable[..., Any]) -> tuple[tuple[tuple[str, bool], ...], bool]:
    """Return the keyword parameters with whether each is required, and whether there is `**`."""
    try:
        signature = inspect_signature(target)
    except (TypeError, ValueError):
        return (), True
    kinds = inspect.Parameter
    names = []
    any_parameters = False
    for parameter in signature.parameters.values():
        if parameter.kind is kinds.VAR_KEYWORD:
            any_parameters = True
        elif parameter.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY):
            names.append((parameter.name, parameter.default is kinds.empty))
        elif parameter.kind is kinds.POSITIONAL_ONLY and parameter.default is kinds.empty:
            raise PolicyError(
                f"parameter {parameter.name!r} of {target!r} is positional-only; "
                "rtd passes parameters by name"
            )
    return tuple(names), any_parameters


def _source(target: Callable[..., Any]) -> str:
    try:
        unwrapped = inspect.unwrap(target)
        code = getattr(unwrapped, "__code__", None)
        if code is not None:  # without reading the file: an app may have very many tasks
            return f"{code.co_filename}:{code.co_firstlineno}"
        file = inspect.getsourcefile(unwrapped) or "?"
        return f"{file}:{inspect.getsourcelines(unwrapped)[1]}"
    except (OSError, TypeError):
        return ""


def caller_location() -> str:
    """Return `file:line` of the user's code that makes a task.

    That is the nearest frame that is neither rtd's nor the `__init__` of a class.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        frame.f_code.co_filename.startswith(PACKAGE_ROOT) or frame.f_code.co_name == "__init__"
    ):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
