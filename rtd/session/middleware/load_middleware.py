"""Finds the one place that names the app's middleware, and makes each once, so that a broken one
is an error when the app is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from rtd.common.errors import AppError
from rtd.session.core.session_state import SessionState
from rtd.session.middleware.entries import MiddlewareEntry

__all__ = ["load_middleware"]

SETTING: Final = "MIDDLEWARE"


class _Source(NamedTuple):
    """A place that names middleware; `place` is how an error calls it."""

    place: str
    given: Sequence[Any]


def load_middleware(
    session: SessionState, configured: Sequence[str] = ()
) -> tuple[MiddlewareEntry, ...]:
    """Return the app's middleware, the outermost first.

    Args:
        session: of the app, with its settings module.
        configured: the setting `middleware` of the daemon.

    Raises:
        AppError: one line that names the entry and where it was written; or two places name
            middleware.
    """
    found = session.middleware
    if not isinstance(found, tuple) or not all(isinstance(e, MiddlewareEntry) for e in found):
        raise AppError("session.middleware = ... has no effect; write App(middleware=[...])")
    sources = [source for source in _sources(session, configured) if source.given]
    if not sources:
        return ()
    if sources[1:]:
        places = " and ".join(source.place for source in sources)
        raise AppError(f"middleware comes from one place, but {places} name some; keep one of them")
    from rtd.session.middleware.check_middleware import make_entry  # lazy: many apps have none

    return tuple(make_entry(given, sources[0].place) for given in sources[0].given)


def _sources(session: SessionState, configured: Sequence[str]) -> list[_Source]:
    found = [_Source("App(middleware=...)", session.declared_middleware)]
    settings = session.rt_settings
    if settings is not None and SETTING in settings.values:
        place = settings.place_of(SETTING)
        found.append(_Source(place, read_list(settings.values[SETTING], place)))
    return [*found, _Source("the daemon's setting `middleware`", configured)]


def read_list(value: Any, where: str) -> tuple[Any, ...]:
    """Return the entries of a list of middleware. Raises AppError for what is no list."""
    if isinstance(value, list | tuple):
        return tuple(value)
    raise AppError(f"{where}: {value!r:.80} is no list; write a list of classes or their names")
