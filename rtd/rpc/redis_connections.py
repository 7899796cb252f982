"""Hands connections to the daemon's Redis to members of the group that the daemon lets in.

The embedded Redis listens in a directory that only the daemon's user may enter. A member who may
run commands has that user's rights anyway, so it may queue runs in Redis itself
(`rtd.supervisor.runs.direct_submit`). It connects here; the kernel says who it is; it gets one
connection to Redis by SCM_RIGHTS (unix(7)). No directory is opened to the group, and the files stay
as they are.
"""

import contextlib
import os
import socket
from typing import Final

from rtd.rpc.core.peer_credentials import Peer
from rtd.rpc.server import group_id
from rtd.rpc.unix_listener import UnixListener
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.runs.direct_submit import members_may_queue

#: The byte that comes with a connection: the kernel sends no descriptor without data.
MARK: Final = b"r"


class RedisConnectionServer:
    """Listens on `store.sock` where members may use Redis; elsewhere it does nothing.

    Args:
        context: of the daemon.
    """

    def __init__(self, context: SupervisorContext) -> None:
        config = context.config
        self._gid = group_id(config.group, config.place_of("group"))
        self._address = context.redis.address.path
        self.path: Final = context.paths.store_socket
        self.is_used: Final = members_may_queue(config)
        self._listener = UnixListener(self.path, self._gid, self._admit)

    def open(self) -> None:
        """Listen, or remove the socket that an earlier daemon with other settings has left."""
        if self.is_used:
            self._listener.open()
        else:
            with contextlib.suppress(OSError):
                self.path.unlink()

    def renew(self) -> None:
        """Listen on a new socket: another program has removed the file."""
        self._listener.renew()

    def close(self) -> None:
        """Stop listening. Connections that were handed out stay: Redis ends them."""
        self._listener.close()

    def _admit(self, connection: socket.socket, peer: Peer) -> None:
        """Send one connection to Redis. On any fault send none: the client uses the daemon."""
        with contextlib.suppress(OSError), connection:
            if not peer.may_use(os.getuid(), self._gid) or self._address is None:
                return
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as link:
                link.connect(self._address)
                # It is the client's from here on, and a client expects one that blocks.
                link.setblocking(True)
                socket.send_fds(connection, [MARK], [link.fileno()])
