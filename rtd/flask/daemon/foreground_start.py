"""`BlockingTaskWorker.start()`: the daemon in the foreground."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Flask

from rtd.flask.core.settings import FlaskSettings
from rtd.flask.daemon.daemon_paths import daemon_environment, paths_of
from rtd.flask.daemon.find_app import find_app
from rtd.process.fork.foreground import run_in_foreground
from rtd.session.start_daemon import daemon_command


def start_in_foreground(
    worker: Any, app: Flask, settings: FlaskSettings, flags: Sequence[str] = ()
) -> None:
    """Serve until the daemon ends.

    Args:
        flags: further ones of `rtd run`.

    Raises:
        SystemExit: the daemon failed and has printed why.
        AppError: the program to import was not found.
    """
    command = daemon_command(find_app(worker, app, settings), *flags)
    code = run_in_foreground(command, daemon_environment(paths_of(app, settings), settings))
    if code:
        raise SystemExit(code)
