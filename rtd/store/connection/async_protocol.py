"""One socket of the supervisor to Redis: bytes out, replies in."""

import asyncio
from collections import deque
from typing import Any

import hiredis

from rtd.common.errors import StoreGone
from rtd.store.connection import codec
from rtd.store.connection.open_socket import tune_tcp


class _PendingReplies:
    """The replies of one round trip that have come in so far."""

    __slots__ = ("count", "future", "replies")

    def __init__(self, count: int, future: asyncio.Future[list[Any]]) -> None:
        self.count = count
        self.future = future
        self.replies: list[Any] = []


class RedisProtocol(asyncio.Protocol):
    """One socket. Lives until the connection is lost.

    Attributes:
        lost: why the connection is over, once it is.
    """

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[str] = loop.create_future()
        self._loop = loop
        self._pending: deque[_PendingReplies] = deque()
        self._reader = codec.new_reader()
        self._transport: asyncio.Transport | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the connection is over."""
        return self.lost.done()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket, which is open."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family.name.startswith("AF_INET"):
            tune_tcp(sock)

    def data_received(self, data: bytes) -> None:
        """Give replies to those that wait for them."""
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not codec.INCOMPLETE:
                trip = self._pending[0]
                trip.replies.append(reply)
                if len(trip.replies) == trip.count:
                    self._pending.popleft()
                    if not trip.future.done():
                        trip.future.set_result(trip.replies)
        except (hiredis.ProtocolError, IndexError) as error:
            self.close(f"not what Redis says: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell all that wait for replies."""
        self.close(str(exc) if exc else "closed by the server")

    def close(self, why: str) -> None:
        """Close the socket. Each caller that waits for a reply gets `StoreGone`."""
        if self._transport is not None:
            self._transport.abort()
        if not self.lost.done():
            self.lost.set_result(why)
        while self._pending:
            trip = self._pending.popleft()
            if not trip.future.done():
                trip.future.set_exception(StoreGone(f"lost Redis: {why}"))

    async def send(self, data: bytes, count: int) -> list[Any]:
        """Send bytes that hold `count` commands and return their replies."""
        if self.lost.done() or self._transport is None:
            raise StoreGone(f"lost Redis: {self.lost.result() if self.lost.done() else 'closed'}")
        trip = _PendingReplies(count, self._loop.create_future())
        self._pending.append(trip)
        self._transport.write(data)
        return await trip.future
