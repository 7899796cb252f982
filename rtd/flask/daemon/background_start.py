"""`BackgroundTaskWorker.start()`: one daemon, however many web processes start it."""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from flask import Flask

from rtctl.client.client import Client
from rtd.common.errors import AppError, RtdError
from rtd.config.paths import DaemonPaths
from rtd.config.python_command import module_command
from rtd.config.socket_listener import listener_pid
from rtd.config.socket_path import is_socket_named
from rtd.flask.core.settings import FlaskSettings
from rtd.flask.daemon.daemon_paths import daemon_environment, is_of_others, paths_of
from rtd.flask.daemon.earlier_daemons import end_earlier, note_app
from rtd.flask.daemon.find_app import find_app, how_named
from rtd.flask.daemon.source_state import source_state
from rtd.flask.daemon.web_processes import (
    daemon_of_web,
    end_daemon_when_unused,
    hold_web_lock,
    keep_daemon,
    note_started,
)
from rtd.supervisor.lifecycle.directories import make_directories
from rtd.supervisor.lifecycle.lock_file import holder_with

log: Final = logging.getLogger("rtd.flask")
_CGROUP: Final = Path("/proc/self/cgroup")


def start_in_background(worker: Any, app: Flask, settings: FlaskSettings) -> None:
    """Start the daemon, or find the one that runs. Raises AppError, ConfigError, NotPermitted."""
    if is_of_others():
        return
    paths = paths_of(app, settings)
    _start_once(worker, app, settings, paths)
    if _is_debug(app, settings) and daemon_of_web(paths) is not None:
        env = daemon_environment(paths, settings)
        end_daemon_when_unused(paths.runtime_dir, env)


def start_by_command(
    worker: Any, app: Flask, settings: FlaskSettings, flags: Sequence[str] = ()
) -> str:
    """Start the daemon for `flask rtd start`; it outlives the web processes, in debug, too.

    Args:
        flags: of `rtd start`.

    Returns:
        What has been done, as a sentence.

    Raises:
        AppError, ConfigError, NotPermitted: it did not start.
    """
    if is_of_others():
        raise AppError(
            f"RTD_SOCKET ({os.environ['RTD_SOCKET']}) names a daemon that others start: unset it"
            " for one of this app"
        )
    paths = paths_of(app, settings)
    is_new = _start_once(worker, app, settings, paths, flags, is_web=False)
    what = "has started" if is_new else "is running already"
    return f"the daemon of {app.name!r} {what} (pid {holder_with(paths)}); log: {paths.log_file}"


def _start_once(
    worker: Any,
    app: Flask,
    settings: FlaskSettings,
    paths: DaemonPaths,
    flags: Sequence[str] = (),
    is_web: bool = True,
) -> bool:
    """Start the daemon unless it runs; one that runs gets changed code.

    Args:
        is_web: a web process starts it, and it may end with the last of these.

    Returns:
        Whether it was started.
    """
    make_directories(paths)
    hold_web_lock(paths.runtime_dir)
    known, root = paths.runtime_dir / "flask.sources", Path(app.root_path)
    with _locked(paths.runtime_dir / "flask.lock"):
        if holder_with(paths) is not None:
            if not known.exists() or known.read_text() != source_state(root):
                _let_import_again(paths, settings, known, source_state(root))
            is_new = False
            if not is_web:
                keep_daemon(paths)
        else:
            _check_listener(paths)
            state, is_new = source_state(root), True
            _start(find_app(worker, app, settings), paths, settings, flags)
            known.write_text(state)
            note_app(app, settings, paths)
            if is_web:
                note_started(paths)
    end_earlier(app, settings, paths)
    return is_new


def _check_listener(paths: DaemonPaths) -> None:
    """Raise AppError where `RTD_SOCKET` names the socket of another daemon."""
    pid = listener_pid(paths.socket) if is_socket_named() else None
    if pid is not None:
        raise AppError(
            f"task_worker: RTD_SOCKET ({paths.socket}) is the socket of another daemon (pid {pid}):"
            " unset RTD_SOCKET to start one in RTD_RUNTIME_DIR and RTD_STATE_DIR, or unset these"
            " two to use that daemon"
        )


def stop_daemon(app: Flask, settings: FlaskSettings) -> None:
    """End the daemon of an app if it runs. Raises AppError: it did not end."""
    paths = paths_of(app, settings)
    if is_of_others() or not paths.runtime_dir.is_dir() or holder_with(paths) is None:
        return
    _call(["stop"], paths, settings, "the daemon did not end")


def _start(name: str, paths: DaemonPaths, settings: FlaskSettings, flags: Sequence[str]) -> None:
    _warn_of_service()
    _call(
        ["start", name, *flags],
        paths,
        settings,
        f"no daemon came up for {name} ({how_named(settings)})",
    )
    log.info("the daemon of %s has started; RTD_RUNTIME_DIR=%s", name, paths.runtime_dir)


def _call(words: list[str], paths: DaemonPaths, settings: FlaskSettings, failure: str) -> None:
    """Run `rtd` with the paths of this daemon. Raises AppError with its last line."""
    done = subprocess.run(
        module_command("rtd", *words),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env=daemon_environment(paths, settings), check=False,
    )  # fmt: skip
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode:
        why = lines[-1].removeprefix("rtd: ") if lines else f"exit code {done.returncode}"
        raise AppError(f"task_worker: {failure}: {why}")
    for line in lines:
        if "warning" in line:
            log.warning("%s", line)


def _let_import_again(paths: DaemonPaths, settings: FlaskSettings, known: Path, state: str) -> None:
    """Give changed code to the daemon, unless the settings say that it does not go there."""
    if settings.debug is False:
        log.warning(
            "the daemon has imported an earlier version of the program, and TASKER_DEBUG is False:"
            " `flask rtd reload` lets it import this one"
        )
        return
    _reload(paths)
    known.write_text(state)


def _reload(paths: DaemonPaths) -> None:
    """Let the daemon import the program again. If that fails, the earlier one goes on serving."""
    try:
        with Client(paths.socket) as client:
            client.rpc.reload()
    except RtdError as error:
        log.warning("the daemon keeps the earlier code: %s", error.sentence)


def _is_debug(app: Flask, settings: FlaskSettings) -> bool:
    if settings.debug is not None:
        return settings.debug
    # `app.run(debug=True)` comes after start(); its reloader sets this.
    return app.debug or os.environ.get("WERKZEUG_RUN_MAIN") == "true"


def _warn_of_service() -> None:
    """Warn where the daemon would end with another service of systemd."""
    try:
        unit = _CGROUP.read_text().strip().rpartition("/")[2]
    except OSError:
        return
    if unit.endswith(".service") and not unit.startswith("rtd"):
        log.warning(
            "the daemon is started inside %s: it ends, with all runs, when that is stopped or"
            " restarted; give rtd a unit of its own and set TASKER_URL",
            unit,
        )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of the starts; wait for another process that has it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
