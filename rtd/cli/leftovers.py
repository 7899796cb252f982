"""Ends what a dead daemon has left, for `rtd stop`."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rtd.common.errors import Conflict, WaitTimeout
from rtd.config.paths import DaemonPaths
from rtd.process.board.board import Board
from rtd.process.events.signals import SIGKILL
from rtd.process.tree.pidfd import signal_process
from rtd.process.tree.tree_identity import list_tree
from rtd.store.embedded.server import EmbeddedRedis
from rtd.supervisor.lifecycle.lock_file import holder_with
from rtd.supervisor.pools.zygote_registry import living_zygotes

#: How long killed processes may take to go.
GONE_S: Final = 10.0
_POLL_S: Final = 0.02

#: Pid and start of a process, which together name it for ever.
ProcessKey = tuple[int, int]


def end_leftovers(paths: DaemonPaths) -> int:
    """End the processes that a daemon which has ended has left, and its Redis.

    Returns:
        How many processes were killed. None is where another daemon runs by now.

    Raises:
        WaitTimeout: some do not end.
    """
    if not paths.runtime_dir.is_dir():
        return 0
    killed: set[ProcessKey] = set()
    owner = paths.runtime_dir.stat().st_uid
    until = time.monotonic() + GONE_S
    while left := set(_leftovers(paths, owner)):
        if holder_with(paths):
            return len(killed)
        if time.monotonic() > until:
            pids = ", ".join(str(pid) for pid, _ in sorted(left))
            raise WaitTimeout(f"processes of the daemon do not end: {pids}")
        for pid, ticks in left:
            signal_process(pid, ticks, SIGKILL)
        killed |= left
        time.sleep(_POLL_S)
    is_ours = owner == os.geteuid()
    if is_ours and not holder_with(paths) and (paths.redis_dir / "redis.sock").exists():
        EmbeddedRedis(paths.redis_dir).stop()
    return len(killed)


def count_leftovers(paths: DaemonPaths) -> int:
    """Return how many processes a daemon that has ended has left."""
    if not paths.runtime_dir.is_dir():
        return 0
    return len(set(_leftovers(paths, paths.runtime_dir.stat().st_uid)))


def _leftovers(paths: DaemonPaths, owner: int) -> Iterator[ProcessKey]:
    """Yield the processes below what the files of the daemon name. The owner of the files may have
    written any pid there: only processes of that user count, or all if it is root."""
    roots = [(zygote.pid, zygote.ticks) for zygote in living_zygotes(paths.runtime_dir)]
    roots += _executors(paths.board)
    for pid, ticks in roots:
        for member in list_tree(pid, ticks):
            if member.alive and owner in (0, _user_of(member.pid)):
                yield member.pid, member.ticks


def _user_of(pid: int) -> int | None:
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return None


def _executors(path: Path) -> list[ProcessKey]:
    with contextlib.suppress(OSError, Conflict), contextlib.closing(Board(path)) as board:
        return [(seen.pid, seen.ticks) for seen in board.owned_slots()]
    return []
