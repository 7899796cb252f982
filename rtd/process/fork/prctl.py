"""Calls of prctl(2), which Python does not offer."""

import ctypes
from typing import Final

from rtd.common.stdlib.originals import os

__all__ = ["set_parent_death_signal", "set_subreaper"]

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_libc = ctypes.CDLL(None, use_errno=True)


def set_subreaper() -> None:
    """Make this process the new parent of every orphan below it.

    Survives an exec, is not inherited by a fork: a forked child must call it again.

    Raises:
        OSError: the kernel refused (it is older than Linux 3.4).
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, 1, "cannot become a child subreaper")


def set_parent_death_signal(number: int) -> None:
    """Get this signal when the thread that forked this process ends.

    Survives an exec, is not inherited by a fork. Does not notice a parent that ended before.

    Raises:
        OSError: the kernel refused.
    """
    _prctl(_PR_SET_PDEATHSIG, number, "cannot ask for a signal at the parent's end")


def _prctl(option: int, value: int, fault: str) -> None:
    zero = ctypes.c_ulong(0)
    if _libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{fault}: {os.strerror(code)}")
