"""The supervisor's connection: many callers at once, over one socket, in one event loop."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Final, Self

import hiredis

from rtd.common.errors import RtdError, StoreError, StoreGone
from rtd.store.connection import codec
from rtd.store.connection.command import RedisCommand
from rtd.store.connection.open_socket import tune_tcp
from rtd.store.connection.url import parse_url

_log = logging.getLogger(__name__)

#: A token of our own: the connection of a bell is new, tokens may have been lost before.
TOKENS_LOST: Final = b"lost"
_BACKOFF_S: Final = (0.01, 0.5)


class _PendingReplies:
    """The replies of one round trip that have come in so far."""

    __slots__ = ("count", "future", "replies")

    def __init__(self, count: int, future: asyncio.Future[list[Any]]) -> None:
        self.count = count
        self.future = future
        self.replies: list[Any] = []


class _RedisProtocol(asyncio.Protocol):
    """One socket: bytes out, replies in. Lives until the connection is lost."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[str] = loop.create_future()
        self._loop = loop
        self._pending: deque[_PendingReplies] = deque()
        self._reader = codec.new_reader()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family.name.startswith("AF_INET"):
            tune_tcp(sock)

    def data_received(self, data: bytes) -> None:
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


class AsyncRedisConnection:
    """A connection that opens again by itself.

    It never repeats a command: callers whose replies were lost get `StoreGone` and know best.
    While there is no connection every command raises `StoreGone` at once; `connected.wait()`
    waits for the next connection.

    Args:
        url: see `rtd.store.connection.url.parse_url`.
    """

    def __init__(self, url: str) -> None:
        self.address = parse_url(url)
        self.connected = asyncio.Event()
        self._protocol: _RedisProtocol | None = None
        self._reconnect_task: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, url: str, *, timeout_s: float = 10.0) -> Self:
        """Return a new connection that is open, and from now on opens again when it is lost.

        Raises:
            StoreGone: no server answered for `timeout_s` seconds.
            StoreError: the server refuses the log-in.
        """
        link = cls(url)
        until = time.monotonic() + timeout_s
        wait_s, most_s = _BACKOFF_S
        while True:
            try:
                async with asyncio.timeout_at(asyncio.get_running_loop().time() + timeout_s):
                    await link._open()
                break
            except (StoreGone, TimeoutError):
                if time.monotonic() >= until:
                    raise StoreGone(f"no Redis at {link.address} for {timeout_s:g} s") from None
                await asyncio.sleep(wait_s)
                wait_s = min(most_s, wait_s * 2)
        link._reconnect_task = asyncio.create_task(link._stay_connected(), name="redis link")
        return link

    async def execute_all(self, *calls: RedisCommand) -> list[Any]:
        """Send all commands at once and return their results, in order: one round trip.

        If the caller is cancelled, the commands have been sent all the same; their replies are
        dropped.

        Raises:
            StoreGone: no connection, or it was lost on the way.
            StoreError: the server refused a command; the others have been carried out.
        """
        wire = self._protocol
        if wire is None:
            raise StoreGone(f"not connected to Redis at {self.address}")
        replies = await wire.send(
            b"".join([codec.pack_command(call) for call in calls]), len(calls)
        )
        unknown = codec.unknown_scripts(replies)
        if unknown:
            sources = b"".join([codec.pack_script(calls[i]) for i in unknown])
            for i, reply in zip(unknown, await wire.send(sources, len(unknown)), strict=True):
                replies[i] = reply
        try:
            return codec.parse_replies(calls, replies, self.address)
        except StoreGone as error:
            wire.close(error.sentence)
            raise

    async def execute(self, call: RedisCommand) -> Any:
        """Return the result of one command. Raises as `execute_all` does."""
        return (await self.execute_all(call))[0]

    async def notifications(self, key: str) -> AsyncIterator[list[bytes]]:
        """Yield the tokens of a bell, for ever, all that there are at once.

        Needs a connection of its own. After every new connection, the first included, it yields
        `[TOKENS_LOST]`: tokens may have been lost, so the caller must read everything that they
        could have named.
        """
        while True:
            await self.connected.wait()
            yield [TOKENS_LOST]
            try:
                while True:
                    first = await self.execute(RedisCommand(("BLPOP", key, 0)))
                    more = await self.execute(RedisCommand(("LPOP", key, 1000)))
                    yield [first[1], *(more or ())]
            except StoreGone:
                # `_stay_connected` may not have noticed yet.
                await asyncio.sleep(0)

    async def close(self) -> None:
        """End the connection for good."""
        if self._reconnect_task is not None:
            self._reconnect_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reconnect_task
        if self._protocol is not None:
            self._protocol.close("closed by this side")
        self._protocol = None
        self.connected.clear()

    async def _open(self) -> None:
        loop, address = asyncio.get_running_loop(), self.address
        try:
            if address.path is not None:
                _, wire = await loop.create_unix_connection(_RedisProtocol, address.path)
            else:
                context = address.ssl_context()
                _, wire = await loop.create_connection(
                    _RedisProtocol, address.host or "localhost", address.port, ssl=context
                )
        except OSError as error:
            raise codec.unreachable(address, error) from None
        commands = codec.login_commands(address)
        try:
            data = b"".join(codec.pack_args(command) for command in commands)
            codec.check_login(address, await wire.send(data, len(commands)))
        except BaseException:
            wire.close("not let in")
            raise
        self._protocol = wire
        self.connected.set()

    async def _stay_connected(self) -> None:
        while True:
            assert self._protocol is not None
            why = await self._protocol.lost
            self._protocol = None
            self.connected.clear()
            _log.warning("lost Redis at %s: %s; connecting again", self.address, why)
            await self._reconnect()

    async def _reconnect(self) -> None:
        wait_s, most_s = _BACKOFF_S
        last_refusal = ""
        while self._protocol is None:
            try:
                await self._open()
            except RtdError as error:
                # A refusal is worth a line, once; a person may correct the server.
                if isinstance(error, StoreError) and error.sentence != last_refusal:
                    last_refusal = error.sentence
                    _log.error("%s", last_refusal)
                await asyncio.sleep(wait_s)
                wait_s = min(most_s, wait_s * 2)
        _log.info("connected to Redis at %s again", self.address)
