"""Asks all processes below this one to end; names of signals."""

import contextlib
from typing import Final

from rtd.common.stdlib.originals import os, signal
from rtd.process.tree.pidfd import signal_process
from rtd.process.tree.process_identity import start_ticks
from rtd.process.tree.tree_identity import list_tree


def terminate_descendants() -> list[int]:
    """Send SIGTERM to every descendant of this process, each once. Returns their pids.

    Proves nothing: it may miss a process that is forked meanwhile; see
    `rtd.process.tree.kill_tree` for that. As a subreaper this process has daemonised
    descendants among its children, too.
    """
    signalled: list[int] = []
    own_pid = os.getpid()
    for member in list_tree(own_pid, start_ticks(own_pid) or 0)[1:]:
        with contextlib.suppress(PermissionError):
            if signal_process(member.pid, member.ticks, signal.SIGTERM):
                signalled.append(member.pid)
    return signalled


#: Signals by which the kernel ends a process for its own fault.
CRASH_SIGNALS: Final = frozenset({"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGSYS"})


def signal_name(number: int) -> str:
    """Return the name of a signal: `SIGSEGV` of 11."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
