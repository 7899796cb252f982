"""Closes the connections of Flask-SQLAlchemy before the first fork."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask

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
