"""The control socket: accepts clients, checks who they are, serves their requests."""

import asyncio
import contextlib
import grp
import os
import socket
from collections.abc import Callable
from pathlib import Path

from rtd.common.errors import ConfigError, NotPermitted
from rtd.config.config import Config
from rtd.protocol import frames
from rtd.rpc.core.connected_clients import ConnectedClients
from rtd.rpc.core.connection import ClientConnection, RequestHandler
from rtd.rpc.core.peer_credentials import Peer, refusal
from rtd.rpc.core.request_queue import RequestQueue
from rtd.rpc.unix_listener import UnixListener
from rtd.supervisor.core.eager_task import start_now
from rtd.supervisor.core.log import log


class ControlServer:
    """Listens on the control socket.

    Args:
        config: returns the current settings: who may connect, and the limit on frames.
        path: the socket's path; an old file there is replaced.
        handle: handles one request of one client.
    """

    def __init__(self, config: Callable[[], Config], path: Path, handle: RequestHandler) -> None:
        self._config = config
        self._handle = handle
        self._gid = group_id(config().group, config().place_of("group"))
        self._clients = ConnectedClients(lambda: config().limits.frame_bytes)
        self._listener = UnixListener(path, self._gid, self._admit)
        self._loop = asyncio.get_running_loop()
        self._queue = RequestQueue()

    def open(self) -> None:
        """Bind (to a temporary name, then renamed: no moment without a socket) and listen."""
        self._listener.open()

    def renew(self) -> None:
        """Listen on a new socket: another program has removed the file."""
        self._listener.renew()

    def close(self) -> None:
        """Stop listening, remove the socket, close every client."""
        self._listener.close()
        self._clients.close()

    @property
    def client_count(self) -> int:
        """Return how many clients are connected."""
        return len(self._clients)

    def _admit(self, connection: socket.socket, peer: Peer) -> None:
        """Give the connection its protocol, or refuse it with one frame that says why."""
        if not peer.may_use(os.getuid(), self._gid):
            sentence = refusal(peer, self._config().group)
            log.warning("refused: %s", sentence)
            _turn_away(connection, NotPermitted(sentence))
            return
        most = self._clients.limit_for(peer)
        if most is not None:
            sentence = f"{most} clients are connected already; close some, or try later"
            _turn_away(connection, NotPermitted(sentence))
            return
        client = ClientConnection(
            self._handle, peer, self._config().limits.frame_bytes, self._clients.discard,
            self._clients.limit_memory, self._queue,
        )  # fmt: skip
        self._clients.add(client)
        task = start_now(self._attach(client, connection))
        if task is not None:
            task.add_done_callback(_report)

    async def _attach(self, client: ClientConnection, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: client, connection)
        except OSError:
            connection.close()
            self._clients.discard(client)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a client could not be served", exc_info=task.exception())


def _turn_away(connection: socket.socket, error: NotPermitted) -> None:
    with contextlib.suppress(OSError):
        connection.send(frames.encode_error(0, error))
    connection.close()


def group_id(name: str | None, place: str) -> int | None:
    """Return the gid for a group's name or number. Raises ConfigError, which names the place of the
    setting, when there is none."""
    if name is None:
        return None
    if name.isdigit():
        return int(name)
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise ConfigError(f"{place}: this host has no group {name!r}") from None
