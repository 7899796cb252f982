"""Calls a function while a block of code takes long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from rtd.common.stdlib.originals import signal, threading, time
from rtd.process.events.posix_timer import TIMER_SIGNAL, PosixTimer

__all__ = ["watch_block"]


@contextmanager
def watch_block(
    first_s: float, report: Callable[[float, FrameType | None], None]
) -> Iterator[None]:
    """Watch the code in this block. Does nothing outside of the main thread.

    A thread would not do: the process may fork meanwhile. The code may use SIGALRM.

    Args:
        first_s: when the first report comes; each further one after three times as long.
        report: called in between with the seconds so far and the frame that runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    timer, began_s = PosixTimer(), time.monotonic()

    def on_timer(_number: int, frame: FrameType | None) -> None:
        took_s = time.monotonic() - began_s
        report(took_s, frame)
        with suppress(OSError):
            timer.set(2 * took_s)

    before = signal.signal(TIMER_SIGNAL, on_timer)
    # System calls of libraries go on after the signal.
    signal.siginterrupt(TIMER_SIGNAL, False)
    try:
        with suppress(OSError):  # no timers left: nothing watches
            timer.set(first_s)
        yield
    finally:
        with suppress(OSError):
            timer.set(0)
        signal.signal(TIMER_SIGNAL, signal.SIG_DFL if before is None else before)
