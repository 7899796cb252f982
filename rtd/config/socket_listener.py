"""Which process listens on a Unix socket, as the kernel reports it (SO_PEERCRED)."""

import errno
import socket
import struct
from pathlib import Path
from typing import Final

__all__ = ["UNKNOWN", "listener_pid"]

#: The answers of the kernel where no process listens.
_NOT_THERE: Final = (errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR)
_UCRED: Final = struct.Struct("3i")
#: A process listens, and it cannot be told which: too many clients wait there.
UNKNOWN: Final = 0


def listener_pid(path: Path) -> int | None:
    """Return the pid of the process that listens; None: none does. Never waits."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        code = probe.connect_ex(str(path))
        if code in _NOT_THERE:
            return None
        if code != 0:
            return UNKNOWN
        blob = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        pid: int = _UCRED.unpack(blob)[0]
        return pid
