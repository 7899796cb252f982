"""A program that ends a daemon of debug when it has had no web process for a while.

It waits for the lock of the web processes, so it costs nothing while one lives. Nothing is ended
while a run goes on, nor a daemon that something else has started, such as `flask rtd run`.

    python -m rtd.flask.daemon.end_idle_daemon SECONDS
"""

from __future__ import annotations

import fcntl
import select
import subprocess
import sys

from rtctl.client.client import Client
from rtd.common.errors import RtdError
from rtd.config.paths import DaemonPaths, find_paths
from rtd.config.python_command import module_command
from rtd.flask.daemon.web_processes import (
    daemon_of_web,
    open_lock,
    try_lock,
    watcher_lock,
    web_lock,
)
from rtd.process.tree.pidfd import open_pidfd


def main(unused_s: float) -> None:
    """Watch daemons of the directory that the environment names, until there is none."""
    paths = find_paths()
    own, web = open_lock(watcher_lock(paths.runtime_dir)), open_lock(web_lock(paths.runtime_dir))
    # A web process that found the lock taken has started its daemon before.
    while (pid := daemon_of_web(paths)) is not None and try_lock(own):
        _watch(paths, web, pid, unused_s)
        fcntl.flock(own, fcntl.LOCK_UN)


def _watch(paths: DaemonPaths, web: int, pid: int, unused_s: float) -> None:
    """Return when the daemon has ended."""
    ended = select.poll()
    pidfd = open_pidfd(pid)
    if pidfd is None:
        return
    ended.register(pidfd)
    while daemon_of_web(paths) == pid:
        fcntl.flock(web, fcntl.LOCK_EX)
        fcntl.flock(web, fcntl.LOCK_UN)
        # Flask's reloader starts the next web process meanwhile.
        if ended.poll(unused_s * 1000) or not try_lock(web):
            continue
        # A web process that starts now waits until the daemon has ended, and starts another.
        if daemon_of_web(paths) == pid and not _is_busy():
            subprocess.run(module_command("rtd", "stop"), check=False)
        fcntl.flock(web, fcntl.LOCK_UN)


def _is_busy() -> bool:
    try:
        with Client() as client:
            return bool(client.ls(state="running", limit=1))
    except RtdError:  # it does not answer: it is ending, or Redis is away
        return True


if __name__ == "__main__":
    main(float(sys.argv[1]))
