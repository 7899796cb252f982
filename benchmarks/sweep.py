"""End every process that a benchmark starts.

The harness makes itself a child subreaper, so every process that its children start, daemonised or
not, stays below it. Ending them all is a walk over one tree.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from types import FrameType

import psutil

_PR_SET_CHILD_SUBREAPER = 36


def adopt_strays() -> None:
    """Make this process the parent of all orphans below it.

    Raises:
        OSError: the kernel refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def end_like_ctrl_c() -> None:
    """Let SIGTERM and SIGHUP end the harness as Ctrl-C does, so that its clean-up runs."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)


def sweep(timeout_s: float = 10.0) -> int:
    """Kill and reap everything below this process; return how many processes that were.

    Parents first: their children then fall to this process, and a later pass finds them. The walk
    ends when two passes in a row have found nothing.

    Raises:
        TimeoutError: something was still there after ``timeout_s``.
    """
    ended: set[int] = set()
    quiet = 0
    deadline = time.monotonic() + timeout_s
    while quiet < 2:
        below = psutil.Process().children(recursive=True)
        for process in below:
            ended.add(process.pid)
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        _reap()
        quiet = 0 if below else quiet + 1
        if time.monotonic() > deadline:
            raise TimeoutError(f"these processes do not end: {[p.pid for p in below]}")
        time.sleep(0.01)
    return len(ended)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return
