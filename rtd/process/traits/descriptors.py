"""The file descriptors of a process: whether rtd's own are as they were, and whether some are left.

A task may close descriptors that it does not own (`os.closerange`, a number closed twice), and
their numbers may then be files of its own.
"""

import resource
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from rtd.common.stdlib.originals import os
from rtd.model.output_files import Places, file_place
from rtd.process.traits.trait import Trait

__all__ = [
    "DescriptorReserve",
    "are_lost",
    "is_nearly_used_up",
    "stdio_as_now",
]

#: A process that may open fewer files than this ends: another one begins with all of them.
_LEAST_FREE: Final = 24
#: Enough to store output, to connect to Redis and to read of /proc.
_RESERVED: Final = 6
_FD_FOLDER: Final = "/proc/self/fd"


def stdio_as_now() -> Trait:
    """Return descriptors 0 to 2 as files that must stay what they are now."""
    copies = [os.dup(fd) for fd in range(3)]
    for fd in copies:
        os.set_inheritable(fd, False)

    def places() -> list[tuple[int, int] | None]:
        return [file_place(fd) for fd in range(3)]

    def restore(_were: object) -> None:
        for fd, copy in enumerate(copies):
            os.dup2(copy, fd)

    return Trait("file descriptors 0 to 2", places, restore)


def are_lost(own_fds: Callable[[], Places]) -> bool:
    """Return whether one of these descriptors is closed, or another file than it was."""
    lost = [fd for fd, place in own_fds().items() if place is None or file_place(fd) != place]
    if not lost:
        return False
    # Another thread of rtd may have closed a file of its own meanwhile.
    now = own_fds()
    return any(fd in now and (now[fd] is None or file_place(fd) != now[fd]) for fd in lost)


class DescriptorReserve:
    """Some open descriptors that are closed when a run has used up all others."""

    def __init__(self) -> None:
        self._fds: list[int] = []
        with suppress(OSError):
            self._fds += [os.eventfd(0, os.EFD_CLOEXEC) for _ in range(_RESERVED)]
        self._places = {fd: file_place(fd) for fd in self._fds}

    def release(self) -> None:
        """Close them, for what rtd has to do before this process ends."""
        for fd in self._fds:
            if file_place(fd) == self._places[fd]:
                os.close(fd)
        self._fds.clear()


def is_nearly_used_up() -> bool:
    """Return whether this process can hardly open another file."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return limit != resource.RLIM_INFINITY and limit - _count_open() < _LEAST_FREE


def _count_open() -> int:
    # From Linux 6.2 the size of the folder is the number of its entries, for a tenth of the time.
    try:
        size = os.stat(_FD_FOLDER).st_size
    except OSError:  # the task has changed its root directory
        return 0
    if size:
        return size
    try:
        return len(os.listdir(_FD_FOLDER)) - 1
    except OSError:  # there is not one left to read with
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
