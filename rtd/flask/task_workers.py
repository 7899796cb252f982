"""The two task workers: one starts the daemon in the background, the other is the daemon."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from rtd.flask.base_task_worker import BaseTaskWorker
from rtd.flask.core.app_registry import is_imported_by_rtd
from rtd.flask.core.command_context import is_flask_rtd, is_other_flask_command
from rtd.flask.core.settings import read_settings
from rtd.session.context.run_context import find_run

#: What the scheduler of the original and other libraries have, and where it is in rtd.
_ELSEWHERE: Final = {
    "task": "task_worker.define_task",
    "cron": "task_worker.define_cron_task",
    "send_task": "task.apply()",
    "apply": "task.apply()",
    "run": "task_worker.start()",
    "get": "task_worker.get_or_404(id) in a view, else task_worker.client().get(id)",
    "ls": "task_worker.client().ls()",
    "add_job": "task.apply() or task.apply_with(delay=...)",
    "get_jobs": "task_worker.client().ls()",
    "pause": "task_worker.client().pause_queue('default')",
    "resume": "task_worker.client().resume_queue('default')",
    "remove_job": "run.cancel()",
}


class BackgroundTaskWorker(BaseTaskWorker):
    """Starts the daemon in the background: web and tasks are on one host.

    ```python
    task_worker = BackgroundTaskWorker(app)
    task_worker.start()
    app.run()
    ```
    """

    def start(self) -> None:
        """Start the daemon of this app unless it runs already, and wait until it is up.

        The daemon outlives this process; `stop` ends it. However many web processes call this, one
        daemon runs. In debug, a call also lets a daemon that runs import code that has changed.
        With `TASKER_URL` nothing is started. While rtd imports the program, in runs, and in
        commands of `flask` other than `flask run`, this does nothing.

        Raises:
            AppError: the daemon did not come up; the sentence says why.
        """
        if _is_inside_rtd():
            return
        app = self.apps.first()
        settings = read_settings(app.config)
        if settings.eager or settings.url is not None:
            return
        from rtd.flask.daemon.background_start import (
            start_in_background,  # lazy: few processes start it
        )

        start_in_background(self, app, settings)

    def stop(self) -> None:
        """End the daemon that `start` has started, in order. Does nothing if none runs.

        Raises:
            AppError: it did not end.
        """
        app = self.apps.first()
        from rtd.flask.daemon.background_start import stop_daemon  # lazy: few processes stop it

        stop_daemon(app, read_settings(app.config))

    shutdown = stop

    def __getattr__(self, name: str) -> NoReturn:
        _raise_missing(self, name)


class BlockingTaskWorker(BaseTaskWorker):
    """Is the daemon: a program of its own carries the tasks out.

    ```python
    task_worker = BlockingTaskWorker(app)
    task_worker.start()  # in the program of the worker; the web's program has app.run() instead
    ```
    """

    def start(self) -> None:
        """Run the daemon of this app in the foreground, until it has ended.

        Ctrl-C and SIGTERM end it in order. While rtd imports the program, in runs, and in
        commands of `flask` other than `flask run`, this does nothing.

        Raises:
            SystemExit: the daemon failed and has printed why; the code is its exit code.
            AppError: the program to import was not found.
        """
        if _is_inside_rtd():
            return
        app = self.apps.first()
        from rtd.flask.daemon.foreground_start import (
            start_in_foreground,  # lazy: few processes do it
        )

        start_in_foreground(self, app, read_settings(app.config))

    def __getattr__(self, name: str) -> NoReturn:
        _raise_missing(self, name)


def _is_inside_rtd() -> bool:
    is_inside = is_imported_by_rtd() or find_run() is not None
    return is_inside or is_flask_rtd() or is_other_flask_command()


def _raise_missing(worker: Any, name: str) -> NoReturn:
    hint = f"; use {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""
    raise AttributeError(f"{type(worker).__name__!r} object has no attribute {name!r}{hint}")
