"""Class tasks that start greenlets outside of lane `greenlet`: what their `stop` does fails there.

A lane calls `stop` where it can: in the Hub of gevent or in another thread, where it may not wait
or kill. This is found in the code of the class, by the names that it reads: nothing is called.
"""

import dis
import sys
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

from rtd.session.core.session_state import SessionTask

__all__ = ["describe_greenlet_starts"]

_LANE: Final = "greenlet"
_STARTS: Final = ("spawn", "spawn_later", "spawn_raw")
_READS_ATTRIBUTE: Final = frozenset({"LOAD_ATTR", "LOAD_METHOD"})


def describe_greenlet_starts(tasks: Mapping[str, SessionTask]) -> list[str]:
    """Return a sentence for each class task with a `stop` that starts greenlets in another lane."""
    gevent = sys.modules.get("gevent")
    if gevent is None:
        return []
    found = []
    for name, task in tasks.items():
        info = task.definition.info
        if info.lane == _LANE or not task.definition.has_own_stop:
            continue
        place = next(_starts_in_class(task.definition.target, gevent), None)
        if place is not None:
            found.append(
                f"task {name!r} ({info.source}): it starts greenlets in lane {info.pool} ({place}),"
                f" and its stop works in lane {_LANE} only; give it lane={_LANE!r}"
            )
    return found


def _starts_in_class(kind: Any, gevent: ModuleType) -> Iterator[str]:
    """Yield where the methods of a class start greenlets."""
    for owner in getattr(kind, "__mro__", ()):
        for value in vars(owner).values():
            function = value.__func__ if type(value) in (classmethod, staticmethod) else value
            if type(function) is FunctionType:
                yield from _starts_in_code(function.__code__, function.__globals__, gevent)


def _starts_in_code(code: CodeType, names: dict[str, Any], gevent: ModuleType) -> Iterator[str]:
    steps = list(dis.get_instructions(code))
    for at, step in enumerate(steps):
        if step.opname == "LOAD_GLOBAL" and step.argval in names:
            attributes = []
            for later in steps[at + 1 :]:
                if later.opname not in _READS_ATTRIBUTE:
                    break
                attributes.append(later.argval)
            if _is_start(names[step.argval], attributes, gevent):
                line = step.positions.lineno if step.positions else code.co_firstlineno
                yield f"{code.co_filename}:{line}"
    for constant in code.co_consts:  # functions and comprehensions within
        if type(constant) is CodeType:
            yield from _starts_in_code(constant, names, gevent)


def _is_start(value: Any, attributes: list[str], gevent: ModuleType) -> bool:
    """Return whether a global name, and the attributes read from it, are one of gevent's functions
    that start a greenlet. Calls no code of the app: only modules and classes are gone into."""
    kind: Any = vars(gevent)["Greenlet"]
    for name in attributes:
        if issubclass(type(value), ModuleType):
            value = vars(value).get(name)
        else:
            return _is_greenlet(value, kind) and name in _STARTS
    if type(value) is MethodType:
        return _is_greenlet(value.__self__, kind) and value.__name__ in _STARTS
    return value is vars(gevent)["spawn_raw"]


def _is_greenlet(value: Any, kind: type) -> bool:
    return issubclass(type(value), type) and issubclass(value, kind)
