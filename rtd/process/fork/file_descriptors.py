"""File descriptors: list those of this process, and close those it must not have."""

from collections.abc import Collection
from contextlib import suppress

from rtd.common.stdlib.originals import os

__all__ = ["close_inherited", "open_standard_fds"]


def close_inherited(keep: Collection[int] = ()) -> None:
    """Close every descriptor but 0, 1, 2 and those in `keep`.

    For the start of a program, before it has opened anything. Objects that own a closed
    descriptor would later close another file with that number.
    """
    low = 3
    for fd in sorted(fd for fd in keep if fd >= 3):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, max([low, *_open_fds()]) + 1)


def _open_fds() -> list[int]:
    return [int(name) for name in os.listdir("/proc/self/fd")]


def open_standard_fds(log_fd: int = 2) -> None:
    """Open those of 0, 1 and 2 that are closed: the next file that is opened would be it.

    Args:
        log_fd: what 1 and 2 become; when it is closed, too, they become `/dev/null`.
    """
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            _open_standard_fd(fd, log_fd)


def _open_standard_fd(fd: int, log_fd: int) -> None:
    if fd:
        with suppress(OSError):
            os.dup2(log_fd, fd)
            return
    opened = os.open(os.devnull, os.O_RDWR)  # the lowest that is free
    if opened != fd:
        os.dup2(opened, fd)
        os.close(opened)
    os.set_inheritable(fd, True)
