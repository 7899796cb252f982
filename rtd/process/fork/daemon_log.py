"""Follows the daemon's log when it was removed and the supervisor has made it again.

The zygote and its executors have the log open as their stdout and stderr.
"""

from contextlib import suppress
from typing import Final

from rtd.common.stdlib.originals import os

__all__ = ["follow_log"]

#: Only the log of rtd: what else stdout may be is not this module's to make.
_NAME: Final = "/rtd.log"
#: What the kernel says behind the name of a file that was removed.
_REMOVED: Final = " (deleted)"
_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


def follow_log(fd: int) -> None:
    """Let a descriptor of the log be the file that is there now, if its own was removed."""
    with suppress(OSError):  # there is none yet, or a task has given up the right to it
        if os.fstat(fd).st_nlink:
            return
        path = os.readlink(f"/proc/self/fd/{fd}").removesuffix(_REMOVED)
        if not path.endswith(_NAME):
            return
        new = os.open(path, _FLAGS)
        os.dup2(new, fd, inheritable=os.get_inheritable(fd))
        os.close(new)
