"""A timer on the wall clock, which also goes off when that clock is set.

`timerfd` (man timerfd_create): absolute times of CLOCK_REALTIME with TFD_TIMER_CANCEL_ON_SET;
Python has it from 3.13 on only. It counts the time that the machine slept, too.
"""

import ctypes
from typing import Final

from rtd.common.stdlib.originals import os
from rtd.process.events.timer_spec import TimerSpec

__all__ = ["WallClockTimer"]

_CLOCK_REALTIME: Final = 0
_NONBLOCK: Final = os.O_NONBLOCK
_CLOEXEC: Final = os.O_CLOEXEC
_ABSTIME: Final = 1
_CANCEL_ON_SET: Final = 2


class WallClockTimer:
    """One timer. `fileno()` is readable when it has gone off, or the clock was set.

    Raises OSError when the kernel has no timerfd.
    """

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = int(self._libc.timerfd_create(_CLOCK_REALTIME, _NONBLOCK | _CLOEXEC))
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")

    def fileno(self) -> int:
        """Return the descriptor, for a poll."""
        return self._fd

    def set(self, at_us: int) -> None:
        """Go off at this moment (UTC microseconds) and no other; at once if it is in the past."""
        self._set(max(at_us, 1))

    def clear(self) -> None:
        """Go off no more, neither when the clock is set."""
        self._set(0)

    def _set(self, at_us: int) -> None:
        spec = TimerSpec(0, 0, at_us // 1_000_000, at_us % 1_000_000 * 1000)
        flags = _ABSTIME | _CANCEL_ON_SET
        if self._libc.timerfd_settime(self._fd, flags, ctypes.byref(spec), None) < 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def drain(self) -> bool:
        """Take the event. Returns whether it came because the clock was set."""
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return False
        except OSError:  # ECANCELED: the clock was set
            return True
        return False

    def close(self) -> None:
        """Close the descriptor."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
