"""A Ctrl-C, told apart from a KeyboardInterrupt that code raised by itself."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["CtrlC", "is_ctrl_c", "mark_ctrl_c"]


class CtrlC(KeyboardInterrupt):
    """Somebody has pressed it."""


@contextmanager
def mark_ctrl_c() -> Iterator[None]:
    """Where a Ctrl-C would raise KeyboardInterrupt, it raises `CtrlC` as long as this lasts."""
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
    """Whether it is a Ctrl-C, or may be one: a process that does something else at SIGINT, as all
    of the daemon do, never gets it as an exception, and no thread but the main one does."""
    if not isinstance(error, KeyboardInterrupt):
        return False
    return isinstance(error, CtrlC) or _would_raise()


def _would_raise() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise CtrlC
