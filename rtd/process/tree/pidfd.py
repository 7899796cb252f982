"""Handles on processes that are not children of this one: safe against a reused pid.

A pidfd stays with the process it was opened for. Open it first and compare the start ticks
after: in the other order the pid can change hands in between.
"""

from rtd.common.stdlib.originals import os, signal
from rtd.process.tree.process_identity import same_process

__all__ = ["open_pidfd", "send_signal", "signal_child", "signal_process"]


def open_pidfd(pid: int, ticks: int | None = None) -> int | None:
    """Open a descriptor that becomes readable when a process ends.

    Args:
        pid: the process.
        ticks: its start ticks; None takes the process that has the pid now, which is safe
            only for a child that has not been reaped.

    Returns the descriptor, for `os.close`; None when that process is gone, also as a zombie if
    ticks were given.
    """
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    if ticks is not None and not same_process(pid, ticks):
        os.close(fd)
        return None
    return fd


def send_signal(pidfd: int, signal_number: int) -> bool:
    """Send a signal. Returns False when the process has ended and been reaped."""
    try:
        signal.pidfd_send_signal(pidfd, signal_number)
    except ProcessLookupError:
        return False
    return True


def signal_process(pid: int, ticks: int, signal_number: int) -> bool:
    """Send a signal to exactly that process. Returns False when it is gone.

    Raises:
        PermissionError: it belongs to another user.
    """
    fd = open_pidfd(pid, ticks)
    if fd is None:
        return False
    try:
        return send_signal(fd, signal_number)
    finally:
        os.close(fd)


def signal_child(pid: int, signal_number: int) -> bool:
    """Send a signal to a child of this process, a zombie too. Returns False: it is none.

    Other code of the process may have taken its status, such as a handler of the app or a
    disposition that takes all; then another process may have the pid.

    Raises:
        PermissionError: it belongs to another user.
    """
    fd = open_pidfd(pid)
    if fd is None:
        return False
    try:
        os.waitid(os.P_PIDFD, fd, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return send_signal(fd, signal_number)
    except ChildProcessError:
        return False
    finally:
        os.close(fd)
