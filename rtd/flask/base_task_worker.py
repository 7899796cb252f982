"""The task worker of Flask apps: its apps, its tasks, its hooks, and how `apply` submits."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, abort

from rtd.common.errors import (
    AmbiguousRun,
    AppError,
    BadRequest,
    NoSuchRun,
    UnserialisableError,
)
from rtd.flask.base_task import BaseTask
from rtd.flask.core.app_registry import AppRegistry, is_imported_by_rtd
from rtd.flask.core.check_payload import check_payload
from rtd.flask.core.engines import dispose_engines
from rtd.flask.core.settings import FlaskSettings, read_settings, remarks_on
from rtd.flask.task_declarations import WorkerDeclarations
from rtd.session.app.find_web_app import call_factory, factory_in
from rtd.session.context.run_context import find_run
from rtd.session.session import Session

if TYPE_CHECKING:
    from rtctl.client.client import Client
    from rtctl.client.run import Run
    from rtd.flask.eager_run import EagerRun, EagerRunner

log: Final = logging.getLogger("rtd.flask")
_EXTENSION: Final = "rtd"


class BaseTaskWorker(WorkerDeclarations):
    """The tasks of one or several Flask apps. Use `BackgroundTaskWorker` or `BlockingTaskWorker`.

    Args:
        app: a Flask app; None: `init_app` gives it later.
        options: of `rtd.Session`, such as `middleware` or `timezone`.

    Attributes:
        session: the `rtd.Session` of the tasks.
        apps: those of `init_app`.
    """

    def __init__(self, app: Flask | None = None, **options: Any) -> None:
        super().__init__(Session(**options), AppRegistry())
        self._clients: dict[Any, Client] = {}
        self._eager: EagerRunner | None = None
        self.session.holder = self
        self.session.run_scope = self.apps.run_scope
        self.session.hooks.before_fork.append(self._dispose_engines)
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Take an app: its tasks run in a context of it, with its configuration.

        Several apps may share a worker; each run belongs to the app that has submitted it.

        Raises:
            ConfigError: a key `TASKER_*` of the configuration cannot be used.
            AppError: the app has another task worker.
        """
        if not isinstance(app, Flask):
            raise AppError(f"init_app: {app!r:.80} is no Flask app")
        settings = read_settings(app.config)
        other = app.extensions.get(_EXTENSION)
        if other is not None and other is not self:
            raise AppError(f"init_app: the Flask app {app.name!r} has another task worker already")
        app.extensions[_EXTENSION] = self
        is_test = app.testing or settings.eager  # whose factory makes the app again
        if not self.apps.add(app) and not is_test:
            log.warning(
                "init_app: this process has two Flask apps called %r, the later one in %s: runs and"
                " apply take the later one; give each app a name of its own: Flask('name')",
                app.name,
                app.root_path,
            )
        log.info("app %r: %s", app.name, settings.describe())
        for remark in remarks_on(app.config):
            log.warning("%s", remark)

    # --- submits

    def submit(
        self, task: BaseTask, params: dict[str, Any], options: dict[str, Any]
    ) -> Run | EagerRun:
        """Queue a run of a task; see `BaseTask.apply`."""
        app = self.apps.of_caller()
        settings = read_settings(app.config)
        headers = {**_headers(options.get("headers")), **self.apps.headers_for(app)}
        options = {**options, "headers": headers}
        check_payload(task.name, params)
        if settings.eager and find_run_of_daemon() is None:
            return self._eager_runner().run(task.name, params, options)
        try:
            return self._client(app, settings).submit_with(task.name, params, options)
        except UnserialisableError as error:
            raise UnserialisableError(f"task {task.name!r}: {error.sentence}") from None

    def get_or_404(self, run_id: str) -> Run | EagerRun:
        """Return a run of a task of this worker, for a view; without it the answer is 404.

        Args:
            run_id: its whole id, or the key that `apply_with` gave it. Unlike `Client.get` this
                takes no part of an id, so that none can be guessed.

        Raises:
            NotFound: of werkzeug: there is no such run (any more), or it is of another app.
            DaemonUnreachable, StoreGone: no daemon answers, or Redis does not.
        """
        app = self.apps.of_caller()
        settings = read_settings(app.config)
        try:
            if settings.eager and find_run_of_daemon() is None:
                return self._eager_runner().get(run_id)
            run = self._client(app, settings).get(run_id)
        except (NoSuchRun, AmbiguousRun, BadRequest):
            abort(404)
        if run_id not in (run.id, run.row["key"]) or run.task not in self.session.tasks:
            abort(404)
        return run

    def client(self) -> Client:
        """Return the `rtctl.Client` with which `apply` submits; it knows nothing of eager runs.

        Raises:
            RuntimeError: there are several Flask apps, and none of them is the current one.
        """
        app = self.apps.of_caller()
        return self._client(app, read_settings(app.config))

    @property
    def runtime_dir(self) -> Path:
        """The directory in which `rtctl` finds the daemon of `start`: its RTD_RUNTIME_DIR."""
        from rtd.flask.daemon.daemon_paths import paths_of  # lazy: many processes only import tasks

        app = self.apps.first()
        return paths_of(app, read_settings(app.config)).runtime_dir

    def _client(self, app: Flask, settings: FlaskSettings) -> Client:
        # A test may name another daemon meanwhile.
        named = os.environ.get("RTD_SOCKET"), os.environ.get("RTD_RUNTIME_DIR")
        key = (app.name, app.instance_path, settings, named)
        client = self._clients.get(key)
        if client is None:
            from rtd.flask.daemon.daemon_paths import (
                new_client,  # lazy: many processes only import tasks
            )

            client = self._clients[key] = new_client(self.apps.first(), settings, self.session)
        return client

    def _eager_runner(self) -> EagerRunner:
        if self._eager is None:
            from rtd.flask.eager_run import EagerRunner  # lazy: only tests need it

            self._eager = EagerRunner(self.session)
        return self._eager

    # --- in the daemon

    def on_load(self, module: ModuleType, app: str) -> None:
        """Make the Flask app by the factory of the program if nothing has made it.

        Raises:
            AppError: there is no app, and no factory without parameters.
        """
        if self.apps:
            return
        for place in (module, *_packages_of(module)):
            name = factory_in(place)
            if name is not None:
                call_factory(place, name, app)
                break
        if not self.apps:
            raise AppError(
                f"app {app}: its task worker has no Flask app; name the app or its factory"
                " (TASKER_APP, FLASK_APP): 'shop:app', 'shop:create_app()'"
            )

    def _dispose_engines(self) -> None:
        for app in self.apps.all():
            dispose_engines(app)


def _packages_of(module: ModuleType) -> list[ModuleType]:
    """Return the packages that a module is in: `shop` has the factory for `shop.tasks`."""
    parts = module.__name__.split(".")[:-1]
    names = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
    return [sys.modules[name] for name in names if name in sys.modules]


def find_run_of_daemon() -> Any:
    """Return the run that this code is part of, if the daemon carries it out; else None."""
    return find_run() if is_imported_by_rtd() else None


def _headers(given: Any) -> Mapping[str, str]:
    if given is not None and not isinstance(given, Mapping):
        raise BadRequest(f"apply_with: headers are a map of texts, not {given!r:.80}")
    return given or {}
