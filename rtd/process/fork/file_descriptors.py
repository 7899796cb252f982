"""File descriptors: list those of this process, and close those it must not have."""

import os
from collections.abc import Collection

__all__ = ["close_inherited", "socket_fds"]


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


def socket_fds() -> set[int]:
    """Return the descriptors of this process that are sockets."""
    return {fd for fd in _open_fds() if _target(fd).startswith("socket:")}


def _open_fds() -> list[int]:
    return [int(name) for name in os.listdir("/proc/self/fd")]


def _target(fd: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except FileNotFoundError:
        return ""
