"""Both ends of a connection of the control socket in one process: a client, and what serves it."""

import asyncio
import os
import socket
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from rtd.rpc.core.connected_clients import ConnectedClients
from rtd.rpc.core.connection import ClientConnection
from rtd.rpc.core.peer_credentials import Peer
from rtd.rpc.core.request_queue import RequestQueue

MEMBER, OWNER = Peer(1, os.getuid() + 1, 1, ()), Peer(1, os.getuid(), 1, ())
#: Sockets of clients, to be closed at the end of a test, and what is set when a connection ends.
OPEN: list[tuple[socket.socket, asyncio.Event]] = []
Handle = Callable[[ClientConnection, frames.Request], Awaitable[Any]]


class Client:
    """A client at the other end of a connection."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._decoder = Decoder(4 * frames.LIMIT_BYTES)
        self._came: list[frames.Message] = []

    async def send(self, *parts: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._link, b"".join(parts))

    async def receive(self) -> frames.Response:
        while not self._came:
            data = await asyncio.get_running_loop().sock_recv(self._link, 1 << 20)
            assert data, "the connection is closed"
            self._came += self._decoder.feed(data)
        answer = self._came.pop(0)
        assert isinstance(answer, frames.Response)
        return answer

    def close(self) -> None:
        self._link.close()


class Server:
    """What the connections of one server share. To be made in the thread of the loop."""

    def __init__(self, limit_bytes: int = frames.LIMIT_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self.queue = RequestQueue()
        self.clients = ConnectedClients(lambda: limit_bytes)


async def connect(
    handle: Handle, peer: Peer = MEMBER, server: Server | None = None
) -> tuple[Client, weakref.ref[ClientConnection], asyncio.Event]:
    """Connect a client. Returns it with the connection, and what is set when that ends."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    ended = asyncio.Event()
    OPEN.append((ours, ended))
    server = server or Server()

    def on_close(client: ClientConnection) -> None:
        server.clients.discard(client)
        ended.set()

    connection = ClientConnection(
        handle, peer, server.limit_bytes, on_close, server.clients.limit_memory, server.queue
    )
    server.clients.add(connection)
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: connection, theirs)
    return Client(ours), weakref.ref(connection), ended


def run(main: Callable[[], Awaitable[None]]) -> None:
    """Run a test with a deadline."""

    async def bounded() -> None:
        try:
            async with asyncio.timeout(20):
                await main()
        finally:
            while OPEN:
                link, ended = OPEN.pop()
                link.close()
                await asyncio.wait_for(ended.wait(), 5)
            while len(asyncio.all_tasks()) > 1:  # those of the requests end with them
                await asyncio.sleep(0)

    asyncio.run(bounded())
