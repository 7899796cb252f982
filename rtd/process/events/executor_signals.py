"""The interruptions of an executor: SIGTERM, an alarm, an exception in another thread."""

import ctypes
import os
import signal
from collections.abc import Callable
from types import FrameType

Handler = Callable[[], None]


class ExecutorSignals:
    """The signal handlers of an executor, restored when a task has changed them.

    Attributes:
        on_term: called in the main thread for each SIGTERM; may raise.
        on_alarm: called in the main thread when `set_alarm` has run out.
        wakeup_fd: becomes readable at each signal, so that a poll returns (by PEP 475 it
            would go on waiting).

    SIGINT is ignored: the supervisor answers a Ctrl-C at a terminal.
    """

    def __init__(self) -> None:
        self.on_term: Handler = _ignore
        self.on_alarm: Handler = _ignore
        self.wakeup_fd, self._write_fd = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._install()
        self.arm_wakeup()

    def _term(self, _number: int, _frame: FrameType | None) -> None:
        self.on_term()

    def _alarm(self, _number: int, _frame: FrameType | None) -> None:
        self.on_alarm()

    def _install(self) -> None:
        signal.signal(signal.SIGTERM, self._term)
        signal.signal(signal.SIGALRM, self._alarm)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def restore(self) -> None:
        """Undo changes of a task to the handler of SIGTERM. Costs 0.2 us when there are none."""
        if _getsignal(signal.SIGTERM) != self._term:
            self._install()

    def arm_wakeup(self) -> None:
        """Prepare for a wait: an event loop of a task may have taken the wake-up away."""
        signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)

    def drain(self) -> None:
        """Empty the wake-up pipe."""
        try:
            while len(os.read(self.wakeup_fd, 512)) == 512:
                pass
        except BlockingIOError:
            pass


#: The C function: `signal.getsignal` itself spends 2 us on making an enum member.
_getsignal = getattr(signal, "_signal", signal).getsignal


def _ignore() -> None:
    """Do nothing, until the executor sets a handler."""


def set_alarm(seconds: float) -> None:
    """Send one SIGALRM to this process after so many seconds; 0 cancels it."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def raise_in_thread(ident: int, kind: type[BaseException]) -> bool:
    """Raise `kind` in another thread, at its next step of Python code.

    A thread that waits in C (a sleep, a socket, a lock) gets it when that returns; nothing
    interrupts the wait itself. Returns False when there is no such thread.
    """
    return bool(
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(kind))
    )
