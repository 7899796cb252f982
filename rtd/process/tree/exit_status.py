"""The exit status of a child, exactly as the kernel gives it."""

from dataclasses import dataclass

from rtd.common.stdlib.originals import os
from rtd.process.tree.terminate import signal_name

__all__ = ["ExitStatus", "reap", "reap_any"]


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """The end of one child: either `code` or `signal` is set.

    Attributes:
        code: the exit code.
        signal: the number of the signal that ended it.
        cpu_s: CPU seconds of the child and of all its descendants that it has waited for.
        max_rss_bytes: the most memory that the child, or one such descendant, ever had.
    """

    code: int | None
    signal: int | None
    cpu_s: float
    max_rss_bytes: int

    def __str__(self) -> str:
        """Return `exit 3` or `SIGKILL`."""
        return f"exit {self.code}" if self.signal is None else signal_name(self.signal)


def reap(pid: int) -> ExitStatus | None:
    """Take the status of one child that has ended. Never waits.

    Returns None while it runs.

    Raises:
        ChildProcessError: it is no child of this process, or was reaped before.
    """
    got = _wait(pid)
    return None if got is None else got[1]


def reap_any() -> tuple[int, ExitStatus] | None:
    """Take the status of any child that has ended, with its pid; None when there is none."""
    try:
        return _wait(-1)
    except ChildProcessError:
        return None


def _wait(pid: int) -> tuple[int, ExitStatus] | None:
    ended, status, usage = os.wait4(pid, os.WNOHANG)
    if ended == 0:
        return None
    by_signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    # Linux counts ru_maxrss in KiB.
    return ended, ExitStatus(
        code, by_signal, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
    )
