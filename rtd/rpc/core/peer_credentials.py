"""The process at the other end of a connection, as the kernel reports it (SO_PEERCRED)."""

import array
import ctypes
import errno
import os
import pwd
import socket
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

#: Linux; the socket module has no name for it.
SO_PEERGROUPS: Final = 59
_UCRED: Final = struct.Struct("3i")
#: So many groups are read at the first try; a user may have 65,536.
_USUAL_GROUPS: Final = 64
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that connected, as it was at that moment."""

    pid: int
    uid: int
    gid: int
    groups: tuple[int, ...]

    @property
    def text(self) -> str:
        """Return `uid 1000 (anna) pid 4242`, as records name a client."""
        return _text_of(self.pid, self.uid)

    @property
    def is_owner(self) -> bool:
        """Whether it is a process of root or of this process's own user."""
        return self.uid in (0, os.getuid())

    def may_use(self, owner_uid: int, group_gid: int | None) -> bool:
        """Check whether this peer may send requests: root, the daemon's own user, or its group.

        Args:
            owner_uid: the daemon's user.
            group_gid: the group that the configuration lets in; None: no further group.
        """
        if self.uid in (0, owner_uid):
            return True
        return group_gid is not None and (self.gid == group_gid or group_gid in self.groups)


@lru_cache(maxsize=256)
def _text_of(pid: int, uid: int) -> str:
    """Each submit names its client, and to look up a user may take milliseconds."""
    try:
        name = f" ({pwd.getpwuid(uid).pw_name})"
    except KeyError:
        name = ""
    return f"uid {uid}{name} pid {pid}"


def peer_of(connection: socket.socket) -> Peer:
    """Return the peer of a connected Unix socket. Raises OSError when it is gone already."""
    blob = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    pid, uid, gid = _UCRED.unpack(blob)
    return Peer(pid, uid, gid, _groups(connection))


def _groups(connection: socket.socket) -> tuple[int, ...]:
    """Return the supplementary groups that the peer had when it connected.

    Python reads no option of more than 1,024 bytes, which is 256 groups, so the C library is
    called. If there are more than there is room for, the kernel says how much room they need.
    """
    length = ctypes.c_uint(_USUAL_GROUPS * 4)
    while True:
        room = ctypes.create_string_buffer(length.value)
        level, name = socket.SOL_SOCKET, SO_PEERGROUPS
        if _libc.getsockopt(connection.fileno(), level, name, room, ctypes.byref(length)) == 0:
            break
        code = ctypes.get_errno()
        if code == errno.ENOPROTOOPT:
            return ()  # a kernel before 4.13: the primary group alone decides
        if code != errno.ERANGE or length.value <= len(room):
            raise OSError(code, f"the groups of a client: {os.strerror(code)}")
    groups = array.array("I")
    groups.frombytes(room.raw[: length.value])
    return tuple(groups)


def refusal(peer: Peer, group: str | None) -> str:
    """Return the sentence for a peer that may not send requests."""
    allowed = f", or a member of the group {group!r}" if group else ""
    return (
        f"{peer.text} may not use this daemon: it takes orders from root and"
        f" uid {os.getuid()}{allowed} (setting `group` lets a group in)"
    )
