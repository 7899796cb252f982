"""What a callable is like as a task: the parameters it takes, whether it is a coroutine function,
where it is declared."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from rtd.common.errors import PolicyError
from rtd.common.package_root import PACKAGE_ROOT


class TaskSignature(NamedTuple):
    """What is known of a task's code without running it.

    `parameters` are `(name, required)` in order; `any_parameters`: it takes others, too.
    `named`: of those others, the ones that its code names; the session gives them. `is_class`: a
    run makes an instance and calls its `start`. `is_command`: it is a command of the operating
    system. `doc` is one line, `source` is `file:line`.
    """

    parameters: tuple[tuple[str, bool], ...] = ()
    any_parameters: bool = False
    free_names: tuple[str, ...] = ()
    is_async: bool = False
    is_class: bool = False
    is_command: bool = False
    doc: str = ""
    source: str = ""


def signature_of(target: Callable[..., Any], where: str) -> TaskSignature:
    """The shape of a function, a class with `start`, or any other callable.

    Args:
        where: how the task is called in an error.

    Raises:
        PolicyError: a class without `start`, or a parameter that has no name for callers.
    """
    is_class = inspect.isclass(target)
    starter = getattr(target, "start", None) if is_class else target
    if is_class and not callable(starter):
        raise PolicyError(f"{where}: a class task needs a method start()")
    parameters, any_parameters = _parameters(target)
    return TaskSignature(
        parameters=parameters,
        any_parameters=any_parameters,
        is_async=inspect.iscoroutinefunction(starter),
        is_class=is_class,
        doc=first_line(inspect.getdoc(target)),
        source=_source(target),
    )


def first_line(text: str | None) -> str:
    """The first line of a docstring."""
    return (text or "").strip().partition("\n")[0]


def _parameters(target: Callable[..., Any]) -> tuple[tuple[tuple[str, bool], ...], bool]:
    """Names that can be given by keyword and whether they must be; and `**kwargs`."""
    try:
        signature = inspect.signature(target)
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
    """`file:line` of the user's code that is making a task: the nearest frame that is neither
    ours nor the `__init__` of a class."""
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        frame.f_code.co_filename.startswith(PACKAGE_ROOT) or frame.f_code.co_name == "__init__"
    ):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
