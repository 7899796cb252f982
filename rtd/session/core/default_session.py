"""The default session: used by declarations that name no session."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from rtd.common.errors import PolicyError
from rtd.session.core.hooks import Hook
from rtd.session.core.serving_app import refuse_late
from rtd.session.core.session_state import SessionState


class _Registry:
    """The sessions of this process.

    Attributes:
        chosen: the newest session that the app made itself.
        implied: made for declarations that came before any session.
        imported_by_rtd: rtd has imported the app in this process or in the one it was forked
            from.
        make: makes the implied session; set by `rtd.session.session`, which is always imported
            with the package.
    """

    def __init__(self) -> None:
        self.chosen: SessionState | None = None
        self.implied: SessionState | None = None
        self.imported_by_rtd = False
        self.make: Callable[[], SessionState]


SESSIONS = _Registry()


def default_session() -> SessionState:
    """Return the newest session; without any, one that the first session made takes over."""
    if SESSIONS.chosen is not None:
        return SESSIONS.chosen
    if SESSIONS.implied is None:
        SESSIONS.implied = SESSIONS.make()
    return SESSIONS.implied


def find_default_session() -> SessionState | None:
    """Return the session that declarations have used; None before the first of both."""
    return SESSIONS.chosen or SESSIONS.implied


def set_default_session(session: SessionState) -> SessionState | None:
    """Make a session the default one. Returns the implied session that it must take over."""
    waiting = SESSIONS.implied if SESSIONS.chosen is None else None
    SESSIONS.chosen = session
    SESSIONS.implied = None
    return waiting


def register_hook(kind: str, hook: Hook | None) -> Any:
    """Add a hook to the default session, as `@Task.hook_execute` or `@Task.hook_execute()`.

    Args:
        kind: a field of `rtd.session.core.hooks.Hooks`.
        hook: the function; None for the form with brackets.

    Raises:
        PolicyError: the hook is no plain function or generator function.
    """
    return _register(kind, hook) if hook is not None else lambda given: _register(kind, given)


def _register(kind: str, hook: Hook) -> Hook:
    if not callable(hook) or iscoroutinefunction(hook) or isasyncgenfunction(hook):
        raise PolicyError(f"hook_{kind}: {hook!r} is no plain function or generator function")
    session = default_session()
    if session.serving is not None:
        refuse_late(f"hook_{kind}: the hooks")
    getattr(session.hooks, kind).append(hook)
    return hook
