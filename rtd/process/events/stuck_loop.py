"""Signals end the daemon even if its event loop is stuck."""

import asyncio
import logging
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Final

from rtd.common.stdlib.originals import os, signal

_log: Final = logging.getLogger(__name__)

#: How long the loop may take to notice a signal.
STUCK_S: Final = 10.0
#: How long the orderly end of all parts may take after that.
END_S: Final = 60.0


def handle_signal(number: int, on_signal: Callable[[], None], stuck_s: float = STUCK_S) -> None:
    """Call `on_signal` in the running event loop when a signal comes.

    asyncio calls handlers between two callbacks. If one callback does not return, the process
    raises SystemExit in it after `stuck_s` seconds: the loop ends, and with it all that it has
    opened. If that is stuck, too, the process exits. Call it in the main thread.
    """
    loop = asyncio.get_running_loop()

    def taken() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        on_signal()

    def came(_number: int, _frame: FrameType | None) -> None:
        if signal.getitimer(signal.ITIMER_REAL)[0] == 0:
            signal.setitimer(signal.ITIMER_REAL, stuck_s, END_S)

    loop.add_signal_handler(number, taken)
    signal.signal(signal.SIGALRM, _StuckLoop().on_alarm)
    signal.signal(number, came)  # between two instructions; the loop is woken as before


class _StuckLoop:
    """The loop has not noticed a signal."""

    def __init__(self) -> None:
        self._is_ending = False

    def on_alarm(self, _number: int, frame: FrameType | None) -> None:
        """End the loop; the second time end the process."""
        if self._is_ending:
            os._exit(1)
        self._is_ending = True
        where = "".join(traceback.format_stack(frame, limit=5))
        _log.critical("the daemon does not notice a signal; ending it. It is here:\n%s", where)
        sys.exit(1)
