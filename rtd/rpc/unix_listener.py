"""A listening Unix socket of the daemon: makes it, accepts, and says who has connected."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rtd.rpc.core.peer_credentials import Peer, peer_of
from rtd.supervisor.core.log import log
from rtd.supervisor.core.unix_socket import bind_unix, is_listening

#: Clients that are accepted in one turn of the event loop.
ACCEPTS: Final = 64
#: After "too many open files": do not spin on a listener that stays readable.
ACCEPT_PAUSE_S: Final = 0.2


class UnixListener:
    """Listens on a socket of the daemon.

    Args:
        path: the socket's path; an old file there is replaced.
        gid: the group that may connect; None: that of this process.
        admit: takes each connection, with the process at its other end.
    """

    def __init__(
        self, path: Path, gid: int | None, admit: Callable[[socket.socket, Peer], None]
    ) -> None:
        self._path = path
        self._gid = gid
        self._admit = admit
        self._listener: socket.socket | None = None
        self._loop = asyncio.get_running_loop()

    def open(self) -> None:
        """Bind (to a temporary name, then renamed: no moment without a socket) and listen."""
        self._listener = bind_unix(self._path, mode=0o660, gid=self._gid)
        self._loop.add_reader(self._listener, self._accept)

    def renew(self) -> None:
        """Listen on a new socket: another program has removed the file."""
        old = self._listener
        if old is not None:
            self.open()
            self._loop.remove_reader(old)
            old.close()

    def close(self) -> None:
        """Stop listening, and remove the socket."""
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            if is_listening(self._path):  # else it is of another process
                with contextlib.suppress(FileNotFoundError):
                    self._path.unlink()
            self._listener.close()
            self._listener = None

    def _accept(self) -> None:
        """Accept those that wait: with one in each turn of the loop, many that connect again and
        again would hold up the others for long."""
        for _ in range(ACCEPTS):
            if not self._accept_one():
                return

    def _accept_one(self) -> bool:
        assert self._listener is not None
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return False
        except ConnectionAbortedError:
            return True
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
                raise
            log.warning("no client can be accepted for a moment: %s", error.strerror)
            self._loop.remove_reader(self._listener)
            self._loop.call_later(ACCEPT_PAUSE_S, self._accept_again)
            return False
        connection.setblocking(False)
        try:
            peer = peer_of(connection)
        except OSError:
            connection.close()
        else:
            self._admit(connection, peer)
        return True

    def _accept_again(self) -> None:
        if self._listener is not None:
            self._loop.add_reader(self._listener, self._accept)
