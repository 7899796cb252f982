"""A number that identifies the code of a task, by which a reload finds the changed tasks.

The same code has the same number, wherever it is in its file.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any, Final
from zlib import crc32

from rtd.session.core.session_state import SessionTask

#: Types of attributes that are part of a task's fingerprint.
_PLAIN: Final = (str, int, float, tuple, list, Path)


def code_fingerprints(tasks: Mapping[str, SessionTask]) -> dict[str, int]:
    """Return the fingerprint of each task, by name, without the code that the task calls."""
    return {name: _of_task(task) for name, task in tasks.items()}


def _of_task(task: SessionTask) -> int:
    """Return the fingerprint of a task's code and of its attributes, such as a command."""
    mark = _of_target(task.definition.target)
    attributes = vars(task)
    plain = [
        name
        for name, value in attributes.items()
        # `__doc__` of a decorated function is no code
        if name[:2] != "__" and isinstance(value, _PLAIN)
    ]
    for name in sorted(plain):
        text = f"{name}={attributes[name]!r}"
        mark = crc32(text.encode("utf-8", "surrogatepass"), mark)
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
