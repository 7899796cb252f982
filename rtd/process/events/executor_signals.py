"""The interruptions of an executor: SIGTERM, a timer, an exception in another thread."""

import ctypes
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from rtd.common.stdlib.originals import os, signal, threading
from rtd.model.output_files import Places, file_place
from rtd.process.events.posix_timer import TIMER_SIGNAL, PosixTimer

Handler = Callable[[], None]


class ExecutorSignals:
    """The signal handlers of an executor, restored when a task has changed them.

    Attributes:
        on_term: called in the main thread for each SIGTERM; may raise.
        on_alarm: called in the main thread when `set_alarm` has run out.
        wakeup_fd: becomes readable at each signal, so that a poll returns (by PEP 475 it
            would go on waiting).

    SIGINT does nothing: the supervisor answers a Ctrl-C at a terminal. It has a handler and is not
    ignored, since programs that a task starts would go on to ignore it.
    """

    def __init__(self) -> None:
        self.on_term: Handler = _ignore
        self.on_alarm: Handler = _ignore
        self._timer = PosixTimer()
        self._main_thread = threading.get_ident()
        # One object each: a test for it by identity costs nothing.
        self._handlers = {
            int(signal.SIGTERM): self._term,
            TIMER_SIGNAL: self._alarm,
            int(signal.SIGINT): _do_nothing,
        }
        self._term_handler = self._handlers[signal.SIGTERM]
        self._alarm_handler = self._handlers[TIMER_SIGNAL]
        self._open_pipe()
        self._install()
        self.arm_wakeup()

    def _term(self, _number: int, _frame: FrameType | None) -> None:
        self.on_term()

    def _alarm(self, _number: int, _frame: FrameType | None) -> None:
        self.on_alarm()

    def _open_pipe(self) -> None:
        self.wakeup_fd, self._write_fd = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._pipe_place = file_place(self.wakeup_fd)

    def _install(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def restore(self) -> None:
        """Undo changes of a task to the handlers that rtd cannot do without. Costs 0.2 us when
        there are none."""
        if (
            _getsignal(_SIGTERM) is not self._term_handler
            or _getsignal(TIMER_SIGNAL) is not self._alarm_handler
        ):
            self._install()

    def reset_in_fork(self) -> None:
        """Take rtd's handlers away in a child that a task forked: it is a plain program."""
        for number, handler in self._handlers.items():
            if _getsignal(number) is handler:
                usual = number == signal.SIGINT
                signal.signal(number, signal.default_int_handler if usual else signal.SIG_DFL)
        with suppress(ValueError):
            if (other := signal.set_wakeup_fd(-1)) not in (-1, self._write_fd):
                signal.set_wakeup_fd(other)  # the task's own event loop

    def set_alarm(self, seconds: float) -> None:
        """Call `on_alarm` once, after so many seconds; 0 cancels it."""
        with suppress(OSError):  # no timers left: the runs behind a long one wait for it
            self._timer.set(seconds)

    def own_fds(self) -> Places:
        """Return the descriptors that no task may close, with their files."""
        return {self.wakeup_fd: self._pipe_place, self._write_fd: self._pipe_place}

    def replace_fds(self) -> None:
        """Make new ones: a task has closed those, and their numbers may be files of its own."""
        self._open_pipe()
        self.arm_wakeup()

    def arm_wakeup(self) -> None:
        """Prepare for a wait: an event loop of a task may have taken the wake-up away.

        Only the main thread can: a coordinator in another thread relies on what the main thread
        has prepared.
        """
        if threading.get_ident() != self._main_thread:
            return
        try:
            signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        except (OSError, ValueError):  # a task has closed it
            self._open_pipe()
            signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)

    def interrupt(self, thread: int | None = None) -> None:
        """End the wait of a thread, by default of the main one, and call `on_alarm` in the latter;
        for other threads."""
        if file_place(self._write_fd) is None:  # a task has closed it, and Python would complain
            _, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            os.dup2(writer, self._write_fd, inheritable=False)
            os.close(writer)
        signal.pthread_kill(thread or self._main_thread, TIMER_SIGNAL)

    def drain(self) -> None:
        """Empty the wake-up pipe."""
        try:
            while len(os.read(self.wakeup_fd, 512)) == 512:
                pass
        except BlockingIOError:
            pass


_SIGTERM = int(signal.SIGTERM)
#: The C function: `signal.getsignal` itself spends 2 us on making an enum member.
_getsignal = getattr(signal, "_signal", signal).getsignal


def _ignore() -> None:
    """Do nothing, until the executor sets a handler."""


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Do nothing."""


def raise_in_thread(ident: int, kind: type[BaseException]) -> bool:
    """Raise `kind` in another thread, at its next step of Python code.

    A thread that waits in C (a sleep, a socket, a lock) gets it when that returns; nothing
    interrupts the wait itself. Returns False when there is no such thread.
    """
    return bool(
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(kind))
    )
