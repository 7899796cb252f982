"""A mark of the code behind each task: the same code, the same mark; where it stands in its file
does not matter. So a reload can say which tasks have changed."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any
from zlib import crc32

from rtd.session.tasks.definition import TaskDefinition


def code_fingerprints(tasks: Mapping[str, TaskDefinition]) -> dict[str, int]:
    """The marks of all tasks, by name. What a task calls is not part of its mark."""
    return {name: _of_task(task) for name, task in tasks.items()}


def _of_task(task: TaskDefinition) -> int:
    """The code; and of a task that is an object what it was made with: a command, a path."""
    mark = _of_target(task.target)
    for name, value in sorted(vars(task.task).items()) if task.task is not None else ():
        if isinstance(value, str | int | float | tuple | list | Path):
            mark = crc32(f"{name}={value!r}".encode("utf-8", "surrogatepass"), mark)
    return mark


def _of_target(target: Callable[..., Any]) -> int:
    while True:
        if isinstance(target, partial):
            target = target.func
        elif hasattr(target, "__func__"):
            target = target.__func__
        elif hasattr(target, "__wrapped__"):
            target = target.__wrapped__
        else:
            break
    code = getattr(target, "__code__", None)
    if code is not None:
        return _of_code(code, 0)
    return _of_class(target if inspect.isclass(target) else type(target))


def _of_class(kind: type) -> int:
    mark = 0
    for name, member in sorted(vars(kind).items()):
        code = getattr(inspect.unwrap(member) if callable(member) else member, "__code__", None)
        if code is not None:
            mark = _of_code(code, crc32(name.encode(), mark))
    return mark


def _of_code(code: CodeType, mark: int) -> int:
    mark = crc32(code.co_code, mark)
    mark = crc32(repr(code.co_names).encode("utf-8", "surrogatepass"), mark)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            mark = _of_code(constant, mark)
        else:
            text = repr(sorted(constant, key=repr) if isinstance(constant, frozenset) else constant)
            mark = crc32(text.encode("utf-8", "surrogatepass"), mark)
    return mark
