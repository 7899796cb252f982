"""Signals as input to a loop: a handler only records them, the loop acts.

Only the main thread of a process may call any of this.
"""

from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from rtd.common.stdlib.originals import os, signal

__all__ = [
    "SIGCHLD",
    "SIGCONT",
    "SIGHUP",
    "SIGINT",
    "SIGKILL",
    "SIGQUIT",
    "SIGTERM",
    "SIGUSR1",
    "SIGUSR2",
    "SignalInbox",
    "handle_signal",
    "ignore_in_next_program",
    "reset_signals",
]

SIGCHLD = signal.SIGCHLD
SIGCONT = signal.SIGCONT
SIGHUP = signal.SIGHUP
SIGINT = signal.SIGINT
SIGKILL = signal.SIGKILL
SIGQUIT = signal.SIGQUIT
SIGTERM = signal.SIGTERM
SIGUSR1 = signal.SIGUSR1
SIGUSR2 = signal.SIGUSR2


class SignalInbox:
    """Collects signals; `fileno()` is readable when one has come.

    Args:
        signals: to collect. They lose their usual effect: a SIGTERM ends nothing by itself.
    """

    def __init__(self, *signals: int) -> None:
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        # Python's own C handler writes the signal's number: no byte is lost between a signal
        # and the loop's wait, and a full pipe is full of wake-ups already.
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in signals:
            signal.signal(number, _record)

    def fileno(self) -> int:
        """Return the descriptor, for a selector."""
        return self._reader

    def read_signals(self) -> set[int]:
        """Return the signals since the last call, each once."""
        try:
            return set(os.read(self._reader, 4096))
        except BlockingIOError:
            return set()

    def close(self) -> None:
        """Close the pipe. Handlers stay: see `reset_signals`."""
        with suppress(ValueError):
            signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)


def reset_signals() -> None:
    """Reset the signals in a forked child: all as at the start of Python, none blocked.

    Except SIGTERM, which is ignored until the child sets its own handler: one that comes before
    would end it half made. A program that it execs gets the default.
    """
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if signal.getsignal(number) not in (signal.SIG_DFL, None):
            with suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _record)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def ignore_in_next_program(number: int) -> None:
    """Ignore a signal here, and in the program that takes the place of this one."""
    signal.signal(number, signal.SIG_IGN)


def handle_signal(number: int, handler: Callable[[], None]) -> None:
    """Call a handler in the main thread for each such signal."""
    signal.signal(number, lambda _number, _frame: handler())


def _record(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the wake-up descriptor has the signal already."""
