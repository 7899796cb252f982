"""The call of prctl(2) that Python has no name for: the child subreaper's."""

import ctypes
import os
from typing import Final

__all__ = ["set_subreaper"]

_PR_SET_CHILD_SUBREAPER: Final = 36
_libc = ctypes.CDLL(None, use_errno=True)


def set_subreaper() -> None:
    """Make this process the new parent of every orphan below it.

    Survives an exec, is not inherited by a fork: a forked child must ask again.

    Raises:
        OSError: the kernel refused (it is older than Linux 3.4).
    """
    one, zero = ctypes.c_ulong(1), ctypes.c_ulong(0)
    if _libc.prctl(ctypes.c_int(_PR_SET_CHILD_SUBREAPER), one, zero, zero, zero) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"cannot become a child subreaper: {os.strerror(code)}")
