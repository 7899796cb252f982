"""The two calls of prctl(2) that Python has no name for: the child subreaper's."""

import ctypes
import os
from typing import Final

__all__ = ["is_subreaper", "set_subreaper"]

_PR_SET_CHILD_SUBREAPER: Final = 36
_PR_GET_CHILD_SUBREAPER: Final = 37
_libc = ctypes.CDLL(None, use_errno=True)


def set_subreaper() -> None:
    """Make this process the new parent of every orphan below it.

    Survives an exec, is not inherited by a fork: a forked child must ask again.

    Raises:
        OSError: the kernel refused (it is older than Linux 3.4).
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1))


def is_subreaper() -> bool:
    """Whether orphans below this process come to it."""
    answer = ctypes.c_int(0)
    _prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(answer))
    return answer.value != 0


def _prctl(option: int, value: object) -> None:
    zero = ctypes.c_ulong(0)
    if _libc.prctl(ctypes.c_int(option), value, zero, zero, zero) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl({option}): {os.strerror(code)}")
