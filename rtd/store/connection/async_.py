"""The supervisor's connection: many callers at once, over one socket, in one event loop."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, Self

from rtd.common.errors import RtdError, StoreGone, StoreRefusal
from rtd.common.stdlib.originals import time
from rtd.config.redis_url import parse_url
from rtd.store.connection import codec
from rtd.store.connection.async_protocol import SLOW_S, RedisProtocol
from rtd.store.connection.command import RedisCommand

_log = logging.getLogger(__name__)

#: A token of our own: the connection of a bell is new, tokens may have been lost before.
TOKENS_LOST: Final = b"lost"
_BACKOFF_S: Final = (0.01, 0.5)
#: Trouble that comes sooner than this after the last is waited for longer each time.
_STABLE_S: Final = 5.0
PING: Final = RedisCommand(("PING",))


class AsyncRedisConnection:
    """A connection that opens again by itself.

    It never repeats a command: callers whose replies were lost get `StoreGone` and know best, and
    all do at once while there is no connection. While Redis takes no writes, commands that only
    read still work. `connected.wait()` waits until all work.

    Args:
        url: see `rtd.config.redis_url.parse_url`.
        probe: a command that Redis refuses as long as it refuses those of the callers.
        blocks_s: how long its commands themselves wait in Redis at most.

    Attributes:
        connected: set while Redis takes commands.
        refusal: why it takes none, or no writes, since the last refusal; None: it takes all.
        on_return: called each time it takes commands again.
    """

    def __init__(self, url: str, probe: RedisCommand = PING, blocks_s: float = 0.0) -> None:
        self.address = parse_url(url)
        self.connected = asyncio.Event()
        self.refusal: str | None = None
        self.on_return: Callable[[], None] = lambda: None
        self.probe = probe
        self._protocol: RedisProtocol | None = None
        self._trouble = asyncio.Event()
        self._reply_timeout_s: float | None = codec.REPLY_S
        self._slow_s = SLOW_S + blocks_s
        self._wait_s = 0.0
        self._back_at_s = 0.0
        self._upkeep_task: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls, url: str, *, timeout_s: float = 10.0, probe: RedisCommand = PING, blocks_s: float = 0.0
    ) -> Self:
        """Return a new connection that is open, and from now on opens again when it is lost.

        Raises:
            StoreGone: no server answered for `timeout_s` seconds.
            StoreError: the server refuses the log-in.
        """
        link = cls(url, probe, blocks_s)
        until = time.monotonic() + timeout_s
        wait_s, most_s = _BACKOFF_S
        while True:
            try:
                await link._open(timeout_s)
                break
            except StoreGone as error:
                if time.monotonic() >= until:
                    if isinstance(error, StoreRefusal):
                        raise
                    why = error.sentence.removeprefix(f"no Redis at {link.address}: ")
                    late = f"no Redis at {link.address} for {timeout_s:g} s: {why}"
                    raise StoreGone(late) from None
                await asyncio.sleep(wait_s)
                wait_s = min(most_s, wait_s * 2)
        link.connected.set()
        link._upkeep_task = asyncio.create_task(link._stay_connected(), name="redis link")
        return link

    async def execute_all(self, *calls: RedisCommand) -> list[Any]:
        """Send all commands, if any, at once and return their results in order: one round trip.

        The commands of a cancelled caller have been sent all the same; their replies are dropped.

        Raises:
            StoreGone: no connection, or it was lost on the way.
            StoreRefusal: the server takes no commands, or no writes, for now; other commands
                of the trip may have been carried out.
            StoreError: the server refused a command; the others have been carried out.
        """
        if not calls:
            return []  # there is no reply to wait for
        wire = self._protocol
        if wire is None:
            if self.refusal is not None:
                raise StoreRefusal(self.refusal)
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
        except StoreRefusal as error:
            if wire is self._protocol:
                self._on_refusal(wire, error)
            raise

    async def execute(self, call: RedisCommand) -> Any:
        """Return the result of one command. Raises as `execute_all` does."""
        return (await self.execute_all(call))[0]

    async def wait_unless_silent(self, work: Awaitable[Any]) -> None:
        """Wait for what others do with Redis. Raises StoreGone when it is silent."""
        if (wire := self._protocol) is None:
            raise StoreGone(f"not connected to Redis at {self.address}")
        await wire.wait_unless_silent(asyncio.ensure_future(work))

    async def notifications(self, key: str) -> AsyncIterator[list[bytes]]:
        """Yield the tokens of a bell, for ever, all that there are at once.

        It needs a connection of its own. After every new connection, the first included, it yields
        `[TOKENS_LOST]`: tokens may have been lost, so the caller must read everything that they
        could have named.
        """
        self._reply_timeout_s = None  # the wait for a token has no end
        if (wire := self._protocol) is not None:
            wire.watch(None)
        while True:
            await self.connected.wait()
            yield [TOKENS_LOST]
            try:
                while True:
                    first = await self.execute(RedisCommand(("BLPOP", key, 0)))
                    more = await self.execute(RedisCommand(("LPOP", key, 1000)))
                    yield [first[1], *(more or ())]
            except StoreGone:
                await asyncio.sleep(0)  # `_stay_connected` may not have noticed yet

    async def close(self) -> None:
        """End the connection for good."""
        if (upkeep := self._upkeep_task) is not None:
            upkeep.cancel()
            await asyncio.gather(upkeep, return_exceptions=True)
        if self._protocol is not None:
            self._protocol.close("closed by this side")
        self._protocol = None
        self.connected.clear()

    async def _open(self, timeout_s: float = codec.LOGIN_S) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._log_in()
        except TimeoutError:
            late = f"Redis at {self.address} has not answered for {timeout_s:g} s"
            raise StoreGone(late) from None

    async def _log_in(self) -> None:
        loop, address = asyncio.get_running_loop(), self.address
        try:
            if address.path is not None:
                _, wire = await loop.create_unix_connection(RedisProtocol, address.path)
            else:
                host, tls = address.host or "localhost", address.ssl_context()
                _, wire = await loop.create_connection(RedisProtocol, host, address.port, ssl=tls)
        except OSError as error:
            raise codec.unreachable(address, error) from None
        commands = codec.login_commands(address)
        try:
            data = b"".join(codec.pack_args(command) for command in commands)
            codec.check_login(address, await wire.send(data, len(commands)))
        except StoreGone as error:
            wire.close("not let in")
            raise codec.lost_in_login(address, error) from None
        except BaseException:
            wire.close("not let in")
            raise
        self._protocol = wire
        wire.watch(self._reply_timeout_s, self._slow_s)
        wire.lost.add_done_callback(lambda lost: self._on_lost(wire, lost.result()))

    # --- trouble, and its end

    def _on_lost(self, wire: RedisProtocol, why: str) -> None:
        if wire is not self._protocol:
            return
        self._protocol = None
        if self.connected.is_set():
            _log.warning("lost Redis at %s: %s; connecting again", self.address, why)
        self._begin_trouble()

    def _on_refusal(self, wire: RedisProtocol, error: StoreRefusal) -> None:
        """Redis takes no writes: drop a server whose place another may have."""
        if error.sentence != self.refusal:
            _log.error("%s", error.sentence)
        self.refusal = error.sentence
        if error.elsewhere:
            self._protocol = None
            wire.close(error.sentence)
        self._begin_trouble()

    def _begin_trouble(self) -> None:
        if self.connected.is_set() and time.monotonic() - self._back_at_s > _STABLE_S:
            self._wait_s = 0.0
        self.connected.clear()
        self._trouble.set()

    async def _stay_connected(self) -> None:
        """End every trouble, until cancelled; no error of ours may end this."""
        while True:
            await self._trouble.wait()
            self._trouble.clear()
            while not self.connected.is_set():
                await asyncio.sleep(self._wait_s)
                self._wait_s = min(_BACKOFF_S[1], 2 * self._wait_s or _BACKOFF_S[0])
                try:
                    await self._try_again()
                except Exception as error:  # a refused log-in too: a person may correct it
                    if isinstance(error, StoreRefusal) or not isinstance(error, StoreGone):
                        self._log_once(error)

    async def _try_again(self) -> None:
        if self._protocol is None:
            await self._open()
        if self.refusal is not None:
            await self.execute(self.probe)
        if self._protocol is None:
            return
        self.refusal = None
        self._back_at_s = time.monotonic()
        self.connected.set()
        _log.info("connected to Redis at %s again", self.address)
        self.on_return()

    def _log_once(self, error: Exception) -> None:
        sentence = error.sentence if isinstance(error, RtdError) else repr(error)
        if sentence != self.refusal:
            _log.error("%s", sentence)
        self.refusal = sentence
