"""The Flask apps of a task worker, and the context of the one that a run belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Any, Final

from flask import Flask, current_app, has_app_context

from rtd.common.errors import AppError
from rtd.session.core.default_session import SESSIONS

#: The header that carries the name of a run's app.
APP_HEADER: Final = "rtd-flask-app"
#: The header that says how many apps its process has; absent for one.
COUNT_HEADER: Final = "rtd-flask-apps"
#: True while a run is carried out by `apply` itself.
EAGER: Final[ContextVar[bool]] = ContextVar("rtd_flask_eager", default=False)


class AppRegistry:
    """The apps of one worker, by name."""

    def __init__(self) -> None:
        self._apps: dict[str, Flask] = {}

    def __bool__(self) -> bool:
        return bool(self._apps)

    def add(self, app: Flask) -> bool:
        """Take an app. One with the same name, as a factory makes them in tests, replaces the
        earlier one; then this returns False."""
        is_new = self._apps.get(app.name) in (None, app)
        self._apps[app.name] = app
        return is_new

    def all(self) -> list[Flask]:
        """Return all apps, in the order of their `init_app`."""
        return list(self._apps.values())

    def first(self) -> Flask:
        """Return the app that came first. Raises RuntimeError: there is none."""
        for app in self._apps.values():
            return app
        raise RuntimeError("the task worker has no Flask app yet: call task_worker.init_app(app)")

    def of_caller(self) -> Flask:
        """Return the app of the code that calls this: the current one, else the only one.

        Raises:
            RuntimeError: there are several, or none.
        """
        if has_app_context():
            app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
            if self._apps.get(app.name) is app or self._is_ours(app):
                return app
        if len(self._apps) > 1:
            raise RuntimeError(
                f"the task worker has several Flask apps ({', '.join(self._apps)}): call apply"
                " inside a context of one of them: with app.app_context()"
            )
        return self.first()

    def _is_ours(self, app: Flask) -> bool:
        holder = app.extensions.get("rtd")
        return holder is not None and getattr(holder, "apps", None) is self

    def of_run(self, headers: Mapping[str, str]) -> Flask:
        """Return the app of a run: that of its headers, without those the first one.

        The only app of one process is the only app of the other, also where the programs of web
        and daemon are two files, and `Flask(__name__)` has a name of its own in each.

        Raises:
            AppError: this process has no app of that name.
        """
        name = headers.get(APP_HEADER)
        if name is None:
            return self.first()
        app = self._apps.get(name)
        if app is None and len(self._apps) == 1 and COUNT_HEADER not in headers:
            return self.first()
        if app is None:
            raise AppError(
                f"the run belongs to the Flask app {name!r}, and the daemon has imported"
                f" {', '.join(self._apps) or 'none'}: call its factory where the daemon imports"
                " the program (TASKER_APP)"
            )
        return app

    def headers_for(self, app: Flask) -> dict[str, str]:
        """Return the headers of a run that belongs to an app."""
        headers = {APP_HEADER: app.name}
        if len(self._apps) > 1:
            headers[COUNT_HEADER] = str(len(self._apps))
        return headers

    def run_scope(self, headers: Mapping[str, str]) -> AbstractContextManager[Any]:
        """Return the context around everything of a run: a new one of its app.

        A run that `apply` carries out itself stays in the context of its caller, whose database
        session would otherwise end with the run.
        """
        if EAGER.get() and has_app_context():
            app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
            if app.name == headers.get(APP_HEADER) and self._is_ours(app):
                return nullcontext()
        return self.of_run(headers).app_context()


def is_imported_by_rtd() -> bool:
    """Tell whether rtd has imported the program in this process."""
    return SESSIONS.imported_by_rtd
