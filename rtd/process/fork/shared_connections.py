"""Finds connections that processes would share after a fork: sockets, and databases of SQLite.

Two processes that write to one connection mix their requests, and each reads answers of the other.
"""

import gc
import stat
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Final

from rtd.common.stdlib.originals import os, socket

__all__ = ["OpenFiles"]

_SQLITE: Final = b"SQLite format 3\0"
#: Programs only send to these, and each message stays whole.
_LOGS: Final = ("/dev/log", "/run/systemd/journal/")
_FAMILIES: Final = {
    socket.AF_NETLINK: "netlink",
    socket.AF_PACKET: "packet",
    socket.AF_VSOCK: "vsock",
}
_KINDS: Final = {socket.SOCK_STREAM: "tcp", socket.SOCK_DGRAM: "udp", socket.SOCK_RAW: "raw"}


class OpenFiles:
    """The descriptors of this process at one moment, before the code of others begins.

    Args:
        own: paths of Unix sockets whose clients open a connection of their own after a fork.
    """

    def __init__(self, own: Collection[str] = ()) -> None:
        self._own = own
        self._before = _open_files()

    def new_connections(self) -> list[str]:
        """Return each connection that has been opened since: its kind, and its other end."""
        timeout_s = socket.getdefaulttimeout()
        socket.setdefaulttimeout(None)  # or the look would make sockets non-blocking
        try:
            found = [self._describe(file[0]) for file in sorted(_open_files() - self._before)]
        finally:
            socket.setdefaulttimeout(timeout_s)
        return [text for text in found if text]

    def _describe(self, fd: int) -> str:
        with suppress(OSError):
            mode = os.fstat(fd).st_mode
            if stat.S_ISREG(mode):
                return _describe_file(fd)
            if stat.S_ISSOCK(mode):
                with socket.socket(fileno=os.dup(fd)) as link:
                    return self._describe_socket(link, fd)
        return ""

    def _describe_socket(self, link: socket.socket, fd: int) -> str:
        if link.family == socket.AF_UNIX:
            return self._describe_unix(link, fd)
        if link.family not in (socket.AF_INET, socket.AF_INET6):
            return f"{_FAMILIES.get(link.family, 'other')} socket"
        kind = _KINDS.get(link.type, "other")
        if link.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return f"{kind}, listening on {_place(link.getsockname())}"
        with suppress(OSError):
            return f"{kind} {_place(link.getpeername())}"
        if link.type == socket.SOCK_DGRAM and not link.getsockname()[1]:
            return ""  # nothing can come in: it sends messages, or asks the kernel
        return f"{kind} {_place(link.getsockname())}, not connected"

    def _describe_unix(self, link: socket.socket, fd: int) -> str:
        if link.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return f"unix, listening on {_path(link.getsockname())}"
        peer = ""
        with suppress(OSError):
            peer = _path(link.getpeername())
        if peer in self._own or peer.startswith(_LOGS) or fd in set(_loop_fds()):
            return ""
        return f"unix {peer or _path(link.getsockname()) or '(no name)'}"


def _describe_file(fd: int) -> str:
    # Through this descriptor: SQLite loses its locks when another one of the file is closed.
    if os.pread(fd, len(_SQLITE), 0) != _SQLITE:
        return ""
    return f"sqlite {os.readlink(f'/proc/self/fd/{fd}')}"


def _place(address: tuple[str, int]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _path(name: str | bytes) -> str:
    """Return the name of a Unix socket, of an abstract one as other programs show it."""
    return f"@{os.fsdecode(name[1:])}" if isinstance(name, bytes) and name else os.fsdecode(name)


def _loop_fds() -> Iterator[int]:
    """Return the descriptors by which event loops of asyncio wake themselves."""
    events = sys.modules.get("asyncio.selector_events")
    if events is not None:
        for loop in gc.get_objects():
            if isinstance(loop, events.BaseSelectorEventLoop) and not loop.is_closed():
                yield from (end.fileno() for end in (loop._ssock, loop._csock))


def _open_files() -> set[tuple[int, int, int]]:
    """Return (descriptor, device, inode): a number alone may be another file later."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # that of this list itself
            facts = os.fstat(int(name))
            found.add((int(name), facts.st_dev, facts.st_ino))
    return found
