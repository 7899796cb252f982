"""A timer of the process that is not `SIGALRM`: that one belongs to the code of the tasks.

`timer_create(2)` gives each timer its own signal, and a fork does not inherit it. Code of a task
that sets or cancels an alarm neither stops this timer nor is met by it.
"""

import ctypes
from typing import Final

from rtd.common.stdlib.originals import os, signal
from rtd.process.events.timer_spec import TimerSpec

__all__ = ["TIMER_SIGNAL", "PosixTimer"]

#: A real-time signal that no common library uses.
TIMER_SIGNAL: Final = int(signal.SIGRTMIN) + 21
_CLOCK_MONOTONIC: Final = 1
_SIGEV_SIGNAL: Final = 0


class _Event(ctypes.Structure):
    """`struct sigevent`, 64 bytes on all of Linux."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal_number", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("rest", ctypes.c_char * 48),
    )


class PosixTimer:
    """Sends `TIMER_SIGNAL` to this process once; made in the kernel when it is first set."""

    def __init__(self) -> None:
        self._id = ctypes.c_void_p()
        self._owner = 0

    def set(self, seconds: float) -> None:
        """Let the timer run out after so many seconds; 0 cancels it.

        Raises:
            OSError: the kernel has no more timers.
        """
        if self._owner != os.getpid():
            if not seconds:
                return
            event = _Event(None, TIMER_SIGNAL, _SIGEV_SIGNAL, b"")
            made = _libc.timer_create(_CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(self._id))
            _check(made)
            self._owner = os.getpid()
        whole = int(seconds)
        times = TimerSpec(0, 0, whole, int((seconds - whole) * 1e9))
        _check(_libc.timer_settime(self._id, 0, ctypes.byref(times), None))


def _check(result: int) -> None:
    if result:
        code = ctypes.get_errno()
        raise OSError(code, f"cannot set a timer: {os.strerror(code)}")


def _load() -> ctypes.CDLL:
    """Return the library with timers: before glibc 2.34 it was one of its own."""
    found = ctypes.CDLL(None, use_errno=True)
    return found if hasattr(found, "timer_create") else ctypes.CDLL("librt.so.1", use_errno=True)


_libc: Final = _load()
