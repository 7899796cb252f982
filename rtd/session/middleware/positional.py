"""Positional arguments of `run(...)` in a middleware: rtd passes parameters by name."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

from rtd.common.errors import ParameterError
from rtd.model.manifest import TaskInfo
from rtd.session.context.run_context import report_fault

#: From `_report` to the code of the middleware: two callers in rtd, and `run`.
_FRAMES: Final = 4
#: The middlewares that have passed names in the place of values.
_REPORTED: Final[set[str]] = set()


def bind_positional(
    info: TaskInfo,
    middleware: str,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    params: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the parameters of a call of `run` that has positional arguments.

    `run(*args, *kwargs)`, as the documentation of redis-tasks has it, passes the names of the
    parameters: the parameters are meant. It is a fault, reported once.

    Args:
        info: of the task.
        middleware: its name.
        args, kwargs: of the call.
        params: those that the middleware was given.

    Raises:
        ParameterError: more arguments than the task has parameters, or one given twice.
    """
    if args == tuple(params) and not kwargs:
        _report(middleware)
        return dict(params)
    names = [name for name, _ in info.parameters]
    if len(args) > len(names):
        raise ParameterError(
            f"middleware {middleware} calls run with {len(args)} positional arguments, and task"
            f" {info.name!r} takes {info.signature()}: pass parameters by name, run(**kwargs)"
        )
    bound = dict(zip(names, args, strict=False))
    twice = [name for name in bound if name in kwargs]
    if twice:
        raise ParameterError(
            f"middleware {middleware} gives {twice[0]!r} of task {info.name!r} twice in"
            " run(...): by its position and by its name"
        )
    return {**bound, **kwargs}


def _report(middleware: str) -> None:
    if middleware in _REPORTED:
        return
    _REPORTED.add(middleware)
    code = sys._getframe(_FRAMES)
    where = f"({code.f_code.co_filename}, line {code.f_lineno})"
    text = "it passes the names of the parameters to run(): write run(*args, **kwargs)"
    report_fault("middleware", middleware, f"{text}; they were taken by name {where}")
