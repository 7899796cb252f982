"""Knows whether web processes of a daemon live: each holds a lock on a file, as long as it lives.

The lock is shared (`flock`). It goes over a fork, so that a server with `--preload` holds it until
its last worker has ended, and not over an exec.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path
from typing import Final

from rtd.config.paths import DaemonPaths
from rtd.config.python_command import module_command
from rtd.supervisor.lifecycle.lock_file import holder_with

#: A daemon of debug ends so long after its last web process.
UNUSED_S = 30.0
_WATCHER: Final = "rtd.flask.daemon.end_idle_daemon"
#: By directory: the file that this process has locked.
_HELD: Final[dict[Path, int]] = {}
_WATCHERS: Final[list[subprocess.Popen[bytes]]] = []


def web_lock(runtime_dir: Path) -> Path:
    """Return the file that web processes lock."""
    return runtime_dir / "flask.web.lock"


def watcher_lock(runtime_dir: Path) -> Path:
    """Return the file that the program which ends an unused daemon locks."""
    return runtime_dir / "flask.watcher.lock"


def note_started(paths: DaemonPaths) -> None:
    """Note that a web process has started the daemon that runs now."""
    _note(paths).write_text(str(holder_with(paths)))


def keep_daemon(paths: DaemonPaths) -> None:
    """Let the daemon outlive the web processes, of which one has started it."""
    _note(paths).unlink(missing_ok=True)


def daemon_of_web(paths: DaemonPaths) -> int | None:
    """Return the pid of the daemon if a web process has started it. Raises NotPermitted."""
    pid = holder_with(paths)
    try:
        return pid if _note(paths).read_text() == str(pid) else None
    except OSError:
        return None


def _note(paths: DaemonPaths) -> Path:
    return paths.runtime_dir / "flask.daemon"


def open_lock(path: Path) -> int:
    """Return a descriptor for a lock; programs that are started do not inherit it."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(fd: int, how: int = fcntl.LOCK_EX) -> bool:
    """Lock a file now, or return False: another process has it."""
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def hold_web_lock(runtime_dir: Path) -> None:
    """Count this process as a web process of the daemon, until it ends."""
    if runtime_dir not in _HELD:
        fd = open_lock(web_lock(runtime_dir))
        fcntl.flock(fd, fcntl.LOCK_SH)  # waits while an unused daemon is ended
        _HELD[runtime_dir] = fd


def end_daemon_when_unused(runtime_dir: Path, env: dict[str, str]) -> None:
    """Let the daemon end when it has no web process any more and nothing runs.

    Args:
        env: names the directories of the daemon.
    """
    fd = open_lock(watcher_lock(runtime_dir))
    is_free = try_lock(fd)
    os.close(fd)
    if is_free:  # of two that see this at once the second watcher ends by itself
        watcher = subprocess.Popen(
            module_command(_WATCHER, str(UNUSED_S)),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd="/", env=env, start_new_session=True,
        )  # fmt: skip
        _WATCHERS.append(watcher)  # it outlives this process
