"""Checks which user listens on a socket, before a client sends anything to it.

A request holds words, parameters and variables that only the daemon may see, and an answer
steers the client. In /tmp, for example, any user can make the socket of another one.
"""

from __future__ import annotations

import os
from struct import unpack

from rtd.common.errors import NotPermitted
from rtd.config.file_owners import directory_fault, is_own, parents_fault, user_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Socket(Protocol):
        """A socket, of any module."""

        def getsockopt(self, level: int, name: int, length: int, /) -> bytes: ...


#: SOL_SOCKET and SO_PEERCRED of Linux; `socket` would cost each `rtctl` 6 ms.
_SOL_SOCKET = 1
_SO_PEERCRED = 17
_NAME_IT = "if it is the daemon that you mean, name it: `rtctl -s {}`, or RTD_SOCKET"


def check_folder(path: str) -> None:
    """Check that no other user can replace a socket that the client has found by itself.

    Raises:
        NotPermitted: another user can.
    """
    folder = os.path.dirname(os.path.abspath(path))
    try:
        fault = directory_fault(folder) or parents_fault(folder)
    except OSError:
        return  # the connection fails, and says why
    if fault is not None:
        raise NotPermitted(
            f"the socket {path} is not used: {folder}: {fault}; {_NAME_IT.format(path)}"
        )


def check_listener(connection: Socket, path: str, is_named: bool) -> int:
    """Return the user that listens at the other end of a connection.

    Args:
        path: of the socket.
        is_named: the caller has named the socket, so any user may be there.

    Raises:
        NotPermitted: it is neither root nor the user of this process.
    """
    uid = listener_uid(connection)
    if not (is_named or is_own(uid)):
        raise NotPermitted(
            f"on {path} listens {user_text(uid)}, who is neither root nor you: nothing was sent;"
            f" {_NAME_IT.format(path)}"
        )
    return uid


def listener_uid(connection: Socket) -> int:
    """Return the user that listens at the other end of a connection."""
    _, uid, _ = unpack("3i", connection.getsockopt(_SOL_SOCKET, _SO_PEERCRED, 12))
    return int(uid)
