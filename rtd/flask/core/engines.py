"""Flask-SQLAlchemy: connections before the first fork, the session after a failed attempt."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask, current_app, has_app_context

_EXTENSION: Final = "sqlalchemy"
#: A database in memory ends with its connection.
_IN_MEMORY: Final = (None, "", ":memory:")


def dispose_engines(app: Flask) -> None:
    """Dispose all engines of an app: forked processes would share their connections."""
    extension: Any = app.extensions.get(_EXTENSION)
    if extension is None:
        return
    with app.app_context():  # outside of one it has no engines
        for engine in getattr(extension, "engines", {}).values():
            url = engine.url
            if url.get_backend_name() != "sqlite" or url.database not in _IN_MEMORY:
                engine.dispose()


def roll_back_session() -> None:
    """Roll back the session of the context that this code is in, if it has one: an attempt that
    failed must leave as little behind as one whose context has ended."""
    extension: Any = current_app.extensions.get(_EXTENSION) if has_app_context() else None
    if extension is not None and hasattr(extension, "session"):
        extension.session.rollback()
