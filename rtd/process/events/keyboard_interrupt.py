"""A Ctrl-C, told apart from a KeyboardInterrupt that code raised by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rtd.common.stdlib.originals import signal, threading

__all__ = ["CtrlC", "is_ctrl_c", "mark_ctrl_c"]


class CtrlC(KeyboardInterrupt):
    """A user has pressed Ctrl-C."""


@contextmanager
def mark_ctrl_c() -> Iterator[None]:
    """Raise `CtrlC` in the body where a Ctrl-C would raise KeyboardInterrupt."""
    if not _would_raise():
        yield
        return
    signal.signal(signal.SIGINT, _raise)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _raise:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def is_ctrl_c(error: BaseException) -> bool:
    """Return whether an error is a Ctrl-C, or may be one.

    A process with its own handler of SIGINT, as all of the daemon have, never gets a Ctrl-C as
    an exception, and neither does a thread other than the main one.
    """
    if not isinstance(error, KeyboardInterrupt):
        return False
    return isinstance(error, CtrlC) or _would_raise()


def _would_raise() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise CtrlC
