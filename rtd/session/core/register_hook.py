"""How a function becomes a hook of the session that declarations go to."""

from __future__ import annotations

from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from rtd.common.errors import PolicyError
from rtd.session.core.default_session import default_session
from rtd.session.core.hooks import Hook


def register_hook(kind: str, hook: Hook | None) -> Any:
    """Both `@Task.hook_execute` and `@Task.hook_execute()`.

    Args:
        kind: a field of `Hooks`. hook: None for the form with brackets.

    Raises:
        PolicyError: what is decorated is no plain function or generator function.
    """
    return _register(kind, hook) if hook is not None else lambda found: _register(kind, found)


def _register(kind: str, hook: Hook) -> Hook:
    if not callable(hook) or iscoroutinefunction(hook) or isasyncgenfunction(hook):
        raise PolicyError(f"hook_{kind}: {hook!r} is no plain function or generator function")
    getattr(default_session().hooks, kind).append(hook)
    return hook
