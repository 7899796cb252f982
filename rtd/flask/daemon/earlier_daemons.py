"""Finds daemons that a Flask app has started with an earlier `TASKER_APP`: that is part of what
their directories are named for, so that a changed one starts another daemon beside them.

One that nothing uses any more is ended; of the others the log says how to end them.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from flask import Flask

from rtctl.client.client import Client
from rtd.common.errors import NotPermitted, RtdError
from rtd.config.file_owners import is_own
from rtd.config.paths import DaemonPaths
from rtd.config.python_command import module_command
from rtd.flask.core.settings import FlaskSettings
from rtd.flask.daemon.web_processes import daemon_of_web, open_lock, try_lock, web_lock
from rtd.supervisor.lifecycle.lock_file import holder_with

log: Final = logging.getLogger("rtd.flask")
_UNENDED: Final = ("queued", "running")


class _Earlier(NamedTuple):
    """A daemon that runs, and the `TASKER_APP` of its start."""

    paths: DaemonPaths
    pid: int
    tasker_app: str | None


def note_app(app: Flask, settings: FlaskSettings, paths: DaemonPaths) -> None:
    """Note for which app the daemon of a directory was started."""
    text = json.dumps([app.name, app.instance_path, settings.app])
    _note(paths.runtime_dir).write_text(text)


def end_earlier(app: Flask, settings: FlaskSettings, paths: DaemonPaths) -> None:
    """End the earlier daemons of an app that nothing uses; warn of the others.

    Args:
        paths: of the daemon of the present `TASKER_APP`.
    """
    found = read_note(paths.runtime_dir)
    if found is not None and found[2] != settings.app:  # RTD_RUNTIME_DIR names the directory
        log.warning(
            "the daemon that runs (pid %s) was started with %s, and this process has %s: `flask"
            " rtd stop`, then start it again",
            holder_with(paths), _shown(found[2]), _shown(settings.app),
        )  # fmt: skip
    for earlier in _earlier(app, paths):
        if _end_unused(earlier):
            log.info("the daemon of the earlier %s has ended", _shown(earlier.tasker_app))
            continue
        log.warning(
            "another daemon of the Flask app %r runs (pid %d), started with %s, and starts its"
            " tasks, too: `kill %d` ends it; leave it if it has web processes of its own",
            app.name, earlier.pid, _shown(earlier.tasker_app), earlier.pid,
        )  # fmt: skip


def read_note(folder: Path) -> list[Any] | None:
    """Return the name, the `instance_path` and the `TASKER_APP` of a directory's app, if it is this
    user's and has them."""
    try:
        if not is_own(folder.lstat().st_uid):
            return None
        found = json.loads(_note(folder).read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, list) and len(found) == 3 else None


def _note(folder: Path) -> Path:
    return folder / "flask.app"


def _shown(tasker_app: str | None) -> str:
    return "no TASKER_APP" if tasker_app is None else f"TASKER_APP = {tasker_app!r}"


def _earlier(app: Flask, paths: DaemonPaths) -> Iterator[_Earlier]:
    """Iterate over the other daemons of an app that run."""
    own, identity = paths.runtime_dir, [app.name, app.instance_path]
    if os.environ.get("RTD_RUNTIME_DIR"):
        return  # the folders beside it are of others
    prefix = own.name.rpartition("-")[0]
    for folder in sorted(own.parent.glob(f"{prefix}-*")):
        found = read_note(folder)
        if folder == own or found is None or found[:2] != identity:
            continue
        state = paths.state_dir
        if not os.environ.get("RTD_STATE_DIR"):
            state = state.parent / folder.name
        other = DaemonPaths(folder, state, folder / "rtd.sock")
        try:
            pid = holder_with(other)
        except NotPermitted:  # root's
            continue
        if pid:
            yield _Earlier(other, pid, found[2])


def _environment(paths: DaemonPaths) -> dict[str, str]:
    named = {"RTD_RUNTIME_DIR": str(paths.runtime_dir), "RTD_STATE_DIR": str(paths.state_dir)}
    return {**os.environ, **named}


def _end_unused(earlier: _Earlier) -> bool:
    """End a daemon that web processes have started, if none lives, nothing runs or waits, and no
    task starts by itself. Returns whether it has ended."""
    lock = open_lock(web_lock(earlier.paths.runtime_dir))
    try:
        # A web process that starts now waits, and starts a daemon of its own then.
        if not try_lock(lock) or daemon_of_web(earlier.paths) != earlier.pid:
            return False
        with Client(earlier.paths.socket) as client:
            if client.ls(state=_UNENDED, limit=1):
                return False
            if any(row["condition"] or row["occasions"] for row in client.tasks()):
                return False
        done = subprocess.run(
            module_command("rtd", "stop"),
            env=_environment(earlier.paths), capture_output=True, check=False,
        )  # fmt: skip
        return done.returncode == 0
    except RtdError:  # it does not answer
        return False
    finally:
        os.close(lock)
