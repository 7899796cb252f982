"""One socket of the supervisor to Redis: bytes out, replies in."""

import asyncio
import logging
from collections import deque
from contextvars import ContextVar
from typing import Any, Final

import hiredis

from rtd.common.errors import StoreGone
from rtd.store.connection import codec
from rtd.store.connection.open_socket import tune_tcp

_log = logging.getLogger(__name__)

#: A reply that takes longer is worth a line in the log.
SLOW_S: Final = 5.0
#: Redis counts as silent when replies are due and nothing has come for so long.
SILENT_S: Final = 4.0
#: While a reply is due, the connection is checked this often, and for shorter limits more often.
_CHECK_S: Final = 1.0
#: Set where a person or a program waits for the reply: such a wait ends when Redis falls silent.
IS_PROMPT: ContextVar[bool] = ContextVar("is_prompt", default=False)


class _PendingReplies:
    """The replies of one round trip that have come in so far."""

    __slots__ = ("count", "future", "is_prompt", "replies", "sent_s")

    def __init__(self, count: int, future: asyncio.Future[list[Any]], sent_s: float) -> None:
        self.count = count
        self.future = future
        self.sent_s = sent_s
        self.is_prompt = IS_PROMPT.get()
        self.replies: list[Any] = []


class RedisProtocol(asyncio.Protocol):
    """One socket. Lives until the connection is lost.

    Attributes:
        lost: why the connection is over, once it is.
        is_silent: replies are due, and nothing has come for `SILENT_S`. Then commands of callers
            with `IS_PROMPT` fail; all others wait on, until the limit that `watch` sets.
    """

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[str] = loop.create_future()
        self._loop = loop
        self._pending: deque[_PendingReplies] = deque()
        self._size_bytes = 0
        self._limit_s: float | None = None
        self._slow_s = SLOW_S
        self._timer: asyncio.TimerHandle | None = None
        self._told_of_s = 0.0
        self._has_heard = False
        self._heard_s = 0.0
        self.is_silent = False
        self._silence_watchers: set[asyncio.Future[None]] = set()
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
        self._has_heard = True
        self.is_silent = False
        try:
            self._reader.feed(data)
            self._size_bytes += len(data)
            while (reply := self._reader.gets()) is not codec.INCOMPLETE:
                self._size_bytes = 0
                trip = self._pending[0]
                trip.replies.append(reply)
                if len(trip.replies) == trip.count:
                    self._pending.popleft()
                    if not trip.future.done():
                        trip.future.set_result(trip.replies)
        except (hiredis.ProtocolError, MemoryError) as error:
            self.close(codec.describe_garbage(error))
        except IndexError:
            self.close("not what Redis says: a reply to no command")
        else:
            if self._size_bytes > codec.REPLY_LIMIT_BYTES:
                self.close(codec.too_large())

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell all that wait for replies."""
        self.close(str(exc) if exc else "closed by the server")

    def close(self, why: str) -> None:
        """Close the socket. Each caller that waits for a reply gets `StoreGone`."""
        if self._transport is not None:
            self._transport.abort()
        self.watch(None)
        if not self.lost.done():
            self.lost.set_result(why)
        while self._pending:
            trip = self._pending.popleft()
            if not trip.future.done():
                trip.future.set_exception(StoreGone(f"lost Redis: {why}", maybe_done=True))

    def watch(self, limit_s: float | None, slow_s: float = SLOW_S) -> None:
        """Close the connection when a reply has not come for so long; None: wait for ever.

        A reply that has not come for ``slow_s`` is a line in the log.

        No timer runs while no reply is due: an idle daemon does not wake up for it.
        """
        self._limit_s, self._slow_s = limit_s, slow_s
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending:
            self._check_later()

    def _check_later(self) -> None:
        if self._limit_s is not None:
            self._timer = self._loop.call_later(min(self._limit_s / 4, _CHECK_S), self._check)

    def _check(self) -> None:
        self._timer = None
        if not self._pending or self._limit_s is None:
            return
        now_s, sent_s = self._loop.time(), self._pending[0].sent_s
        waited_s = now_s - sent_s
        if waited_s > self._slow_s and sent_s != self._told_of_s:
            self._told_of_s = sent_s
            _log.warning("Redis has not answered for %d s", waited_s)
        if waited_s > self._limit_s:
            self.close(f"it has not answered for {self._limit_s:g} s")
            return
        if self._has_heard:
            self._has_heard, self._heard_s = False, now_s
        elif now_s - self._heard_s > SILENT_S:
            self._end_prompt_waits()
        self._check_later()

    def _end_prompt_waits(self) -> None:
        """Redis is silent: fail the commands whose callers do not wait for its return.

        Their replies are still due, and are dropped when they come.
        """
        self.is_silent = True
        for trip in self._pending:
            if trip.is_prompt and not trip.future.done():
                trip.future.set_exception(self._silence(maybe_done=True))
        for watcher in self._silence_watchers:
            if not watcher.done():
                watcher.set_exception(self._silence(maybe_done=False))

    async def wait_unless_silent(self, work: "asyncio.Future[Any]") -> None:
        """Wait for the end of what others do with Redis. Raises StoreGone when Redis is silent."""
        if self.is_silent:
            work.cancel()
            raise self._silence(maybe_done=False)
        watcher: asyncio.Future[None] = self._loop.create_future()
        self._silence_watchers.add(watcher)
        try:
            await asyncio.wait((work, watcher), return_when=asyncio.FIRST_COMPLETED)
            (work if work.done() else watcher).result()
        finally:
            self._silence_watchers.discard(watcher)
            work.cancel()

    def _silence(self, maybe_done: bool) -> StoreGone:
        silent_s = self._loop.time() - self._heard_s
        return StoreGone(f"Redis has not answered for {silent_s:.0f} s", maybe_done=maybe_done)

    async def send(self, data: bytes, count: int) -> list[Any]:
        """Send bytes that hold `count` commands and return their replies. Raises StoreGone."""
        if self.lost.done() or self._transport is None:
            raise StoreGone(f"lost Redis: {self.lost.result() if self.lost.done() else 'closed'}")
        if self.is_silent and IS_PROMPT.get():
            raise self._silence(maybe_done=False)
        trip = _PendingReplies(count, self._loop.create_future(), self._loop.time())
        self._pending.append(trip)
        if self._timer is None:
            self._has_heard, self._heard_s = False, trip.sent_s
            self._check_later()
        self._transport.write(data)
        return await trip.future
