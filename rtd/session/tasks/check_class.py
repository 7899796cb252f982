"""Refuses classes that can never be a task, with one line each, when they are declared."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from rtd.common.errors import PolicyError
from rtd.session.core.app_errors import Error
from rtd.session.core.signature import accepts, inspect_signature
from rtd.session.tasks.class_task import ClassTask


def check_class(kind: type, where: str) -> None:
    """Raise PolicyError for a class with `start` whose runs would all fail.

    Args:
        kind: the class.
        where: how an error calls the task.
    """
    problem = _abstract(kind) or _start(kind) or _stop(kind) or _error(kind)
    if problem is not None:
        raise PolicyError(f"{where}: class {kind.__name__}: {problem}")


def refuse_instance(task: Any, what: str) -> None:
    """Raise PolicyError for an instance of a class whose runs make the instances.

    Args:
        task: any value.
        what: the call that got it.
    """
    if isinstance(task, ClassTask) and getattr(type(task), "is_made_per_run", False):
        raise PolicyError(f"{what}: an instance of {type(task).__name__}; give the class")


def _abstract(kind: type) -> str | None:
    if not inspect.isabstract(kind):
        return None
    names = ", ".join(sorted(getattr(kind, "__abstractmethods__", ())))
    return f"it is abstract, so that no run can make an instance; define {names}"


def _start(kind: type) -> str | None:
    if _is_callable_alone(kind, "start"):
        return None
    return (
        f"start takes no parameters but self, and it is start{_shown(kind, 'start')}; those of"
        " the run go to __init__"
    )


def _stop(kind: type) -> str | None:
    found = inspect.getattr_static(kind, "stop", None)
    if found is None and not hasattr(kind, "stop"):
        return None
    if isinstance(found, property):
        return None
    stop: Any = getattr(kind, "stop", None)
    if not callable(stop):
        return f"stop is {found!r:.80}, no method; write `def stop(self):`, or name it otherwise"
    if inspect.isgeneratorfunction(stop) or inspect.isasyncgenfunction(stop):
        return "stop is a generator, whose code a call does not run; leave out yield"
    if not _is_callable_alone(kind, "stop"):
        return f"stop takes no parameters but self, and it is stop{_shown(kind, 'stop')}"
    if inspect.iscoroutinefunction(stop) and not inspect.iscoroutinefunction(
        getattr(kind, "start", None)
    ):
        return "stop is 'async def' and start is not; write `def stop(self):`"
    return None


def _error(kind: type) -> str | None:
    found = getattr(kind, "Error", None)
    if not issubclass(kind, ClassTask) or (isinstance(found, type) and issubclass(found, Error)):
        return None
    return f"Error is {found!r:.80}, no subclass of rtd.Error; write `class Error(rtd.Error)`"


def _is_callable_alone(kind: type, name: str) -> bool:
    """Return whether an instance's method can be called without arguments."""
    found = inspect.getattr_static(kind, name, None)
    method: Callable[..., Any] = getattr(kind, name)
    return accepts(method, None) if inspect.isfunction(found) else accepts(method)


def _shown(kind: type, name: str) -> str:
    signature = inspect_signature(getattr(kind, name))
    return str(signature.replace(return_annotation=signature.empty))
