"""The directories of the daemon of a Flask app, and the client that finds it there."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import Final

from flask import Flask

from rtctl.client.client import Client
from rtctl.core.daemon_commands import FLASK_SOCKETS, FLASK_URLS
from rtd.common.errors import NotPermitted
from rtd.config.file_owners import is_own
from rtd.config.paths import DaemonPaths, find_paths
from rtd.config.socket_path import is_socket_named
from rtd.flask.core.app_registry import is_imported_by_rtd
from rtd.flask.core.settings import FlaskSettings
from rtd.session.session import Session

#: Variables of Flask's own server, which are not for the daemon and its runs.
_OF_SERVER: Final = ("WERKZEUG_RUN_MAIN", "WERKZEUG_SERVER_FD", "FLASK_RUN_FROM_CLI")


def paths_of(app: Flask, settings: FlaskSettings) -> DaemonPaths:
    """Return the paths of the daemon of an app.

    They are below the user's usual directories, in folders named for the app, its `instance_path`
    and `TASKER_APP`: each process of the same web app finds the same daemon, and another checkout
    has another one. A directory that a variable names comes first, and never brings the usual
    one of the other kind with it: that is of another daemon.
    """
    usual, folder = find_paths(), _folder_name(app, settings)
    runtime, state = usual.runtime_dir / folder, usual.state_dir / folder
    if os.environ.get("RTD_RUNTIME_DIR"):
        runtime = usual.runtime_dir
    if os.environ.get("RTD_STATE_DIR"):
        state = usual.state_dir
    return DaemonPaths(runtime, state, usual.socket if is_socket_named() else runtime / "rtd.sock")


def is_of_others() -> bool:
    """Tell whether `RTD_SOCKET` names a daemon that others start, as `TASKER_URL` does: it comes
    without both directories."""
    named = os.environ.get("RTD_RUNTIME_DIR") and os.environ.get("RTD_STATE_DIR")
    return is_socket_named() and not named


def _folder_name(app: Flask, settings: FlaskSettings) -> str:
    identity = "\0".join((app.name, app.instance_path, settings.app or ""))
    digest = sha256(identity.encode(errors="surrogateescape")).hexdigest()[:8]
    return f"flask-{re.sub(r'[^A-Za-z0-9_.-]', '-', app.name)[:20]}-{digest}"


def daemon_environment(paths: DaemonPaths, settings: FlaskSettings) -> dict[str, str]:
    """Return the environment of a daemon with these paths, which a program of Flask starts. It
    serves the Redis of `TASKER_URL`, unless the environment names another."""
    env = {name: value for name, value in os.environ.items() if name not in _OF_SERVER}
    env["RTD_RUNTIME_DIR"], env["RTD_STATE_DIR"] = str(paths.runtime_dir), str(paths.state_dir)
    shared = settings.redis
    return env if shared is None else {"RTD_REDIS": shared[0], "RTD_NAME": shared[1], **env}


def new_client(app: Flask, settings: FlaskSettings, session: Session) -> Client:
    """Return a client of the daemon, or of the workers' Redis, that has the tasks of an app.

    Args:
        session: of the app: its tasks are queued in a Redis before a worker has run.

    A run submits to its own daemon. Others take `TASKER_URL`, else the paths of `start()`.

    Raises:
        NotPermitted: the directory of the socket belongs to another user.
    """
    reconnect_s = settings.loop_interval_s
    if is_imported_by_rtd() or (settings.url is None and os.environ.get("RTD_SOCKET")):
        return Client(reconnect_s=reconnect_s)
    if settings.redis is not None:
        url, name = settings.redis
        return Client(url, name=name, session=session, reconnect_s=reconnect_s)
    if settings.url is not None:
        FLASK_URLS.add(settings.url)
        return Client(settings.url, reconnect_s=reconnect_s)
    paths = paths_of(app, settings)
    _check_owner(paths.runtime_dir)
    FLASK_SOCKETS.add(os.path.abspath(paths.socket))
    return Client(paths.socket, reconnect_s=reconnect_s)


def _check_owner(folder: Path) -> None:
    """Raise NotPermitted where another user could listen in the place of the daemon."""
    try:
        owner = folder.lstat().st_uid
    except FileNotFoundError:
        return
    if not is_own(owner) and not os.environ.get("RTD_RUNTIME_DIR"):
        raise NotPermitted(
            f"{folder} belongs to uid {owner}, not to this user: name the socket of the daemon with"
            " TASKER_URL or RTD_SOCKET"
        )
