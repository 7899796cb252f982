"""`BlockingTaskWorker.start()`: the daemon in the foreground."""

from __future__ import annotations

from typing import Any

from flask import Flask

from rtd.flask.daemon_paths import daemon_environment, paths_of
from rtd.flask.find_app import find_app
from rtd.flask.settings import FlaskSettings
from rtd.process.fork.foreground import run_in_foreground
from rtd.session.start_daemon import daemon_command


def start_in_foreground(worker: Any, app: Flask, settings: FlaskSettings) -> None:
    """Serve until the daemon ends. Raises SystemExit: the daemon failed and has printed why."""
    command = daemon_command(find_app(worker, app, settings))
    code = run_in_foreground(command, daemon_environment(paths_of(app, settings), settings))
    if code:
        raise SystemExit(code)
