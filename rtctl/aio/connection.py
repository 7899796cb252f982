"""One asyncio connection to the daemon: many calls at once, answers in any order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from rtctl.client.connection import ANSWER_S, CLIENT, CONNECT_S, ConnectionLost, no_answer
from rtctl.client.errors import unreachable_error
from rtctl.core.check_listener import check_folder, check_listener
from rtd.common.errors import RtdError
from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from rtd.protocol.frames import Notification, Response

_READ_BYTES = 256 << 10


class AsyncDaemonConnection:
    """A connection that has been greeted. `open_connection` makes one."""

    def __init__(
        self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.path = path
        self._reader = reader
        self._writer = writer
        self._decoder = Decoder(4 * frames.LIMIT_BYTES, frames.value_hook)
        self._last_id = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._parts: dict[int, asyncio.Queue[Notification | None]] = {}
        self._lost: RtdError | None = None
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._read(), name="rtctl reader")

    @property
    def is_open(self) -> bool:
        """Whether a request may be sent."""
        return self._lost is None

    async def call(
        self, method: str, params: dict[str, Any], answer_s: float | None = ANSWER_S
    ) -> Any:
        """Send a request and wait; see `rtctl.client.connection.DaemonConnection.call`."""
        msgid, future = self._send(method, params)
        try:
            with contextlib.suppress(ConnectionError):
                await self._writer.drain()
            async with asyncio.timeout(answer_s):
                return await future
        except TimeoutError:
            raise no_answer(self.path, answer_s or 0.0) from None
        finally:
            self._waiting.pop(msgid, None)

    def _send(
        self, method: str, params: dict[str, Any], parts: bool = False
    ) -> tuple[int, asyncio.Future[Any]]:
        if self._lost is not None:
            raise self._lost
        msgid = self._last_id + 1
        data = frames.encode_request(msgid, method, params)
        self._last_id = msgid
        future = asyncio.get_running_loop().create_future()
        self._waiting[msgid] = future
        if parts:
            # Few parts are read ahead, so that a slow reader slows the daemon down.
            self._parts[msgid] = asyncio.Queue(100)
        self._writer.write(data)
        return msgid, future

    async def stream(self, method: str, params: dict[str, Any]) -> AsyncIterator[tuple[bool, Any]]:
        """Yield (True, part) for each part of a streamed answer, then (False, the answer)."""
        msgid, future = self._send(method, params, parts=True)
        queue = self._parts[msgid]
        try:
            while (part := await queue.get()) is not None:
                yield True, part.params
            yield False, await future
        finally:
            self._waiting.pop(msgid, None)
            self._parts.pop(msgid, None)
            future.cancel()

    async def _read(self) -> None:
        try:
            while data := await self._reader.read(_READ_BYTES):
                for message in self._decoder.feed(data):
                    await self._take(message)
            self._end(
                ConnectionLost(f"rtd closed the connection ({self.path}): it ended or restarts")
            )
        except RtdError as error:
            self._end(error)
        except OSError as error:
            self._end(ConnectionLost(f"the connection to rtd ({self.path}) broke: {error}"))
        except asyncio.CancelledError:  # `asyncio.run` ends, or `aclose`
            if self._lost is None:
                self._end(ConnectionLost("the event loop of the client has ended"))
            raise

    async def _take(self, message: frames.Message) -> None:
        if isinstance(message, Notification):
            queue = self._parts.get(message.params.get("sub", 0))
            if queue is not None:
                await queue.put(message)
        elif isinstance(message, Response):
            if message.msgid == 0 and message.error is not None:
                raise message.error
            future = self._waiting.get(message.msgid)
            if future is not None and not future.done():
                if message.error is None:
                    future.set_result(message.result)
                else:
                    future.set_exception(message.error)
            if message.msgid in self._parts:
                await self._parts[message.msgid].put(None)

    def _end(self, error: RtdError) -> None:
        self._lost = error
        for msgid, future in self._waiting.items():
            if not future.done():
                future.set_exception(error)
            if msgid in self._parts:
                queue = self._parts[msgid]
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(None)
        self._writer.close()

    async def aclose(self) -> None:
        """Close the connection; waiting calls fail."""
        if self._lost is None:
            self._end(ConnectionLost("the client was closed"))
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def drop(self) -> None:
        """Give up a connection of an event loop that does not run any more."""
        if self._lost is None and not self._loop.is_closed():
            self._end(ConnectionLost("the client was used in another event loop"))
            self._task.cancel()
        # A loop that is closed takes no orders: the socket goes with its last reference.


async def open_connection(path: str, is_named: bool = True) -> AsyncDaemonConnection:
    """Open a connection and greet the daemon.

    Args:
        path: the control socket.
        is_named: the caller has named it, so the daemon may be another user's.

    Raises:
        DaemonUnreachable, NotPermitted, ConfigError: with what was tried.
    """
    if not is_named:
        check_folder(path)
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_unix_connection(path)
    except OSError as error:
        raise unreachable_error(path, error) from None
    try:
        check_listener(writer.get_extra_info("socket"), path, is_named)
    except BaseException:
        writer.close()
        raise
    connection = AsyncDaemonConnection(path, reader, writer)
    try:
        await connection.call("hello", {"version": frames.VERSION, "client": CLIENT})
    except BaseException:
        await connection.aclose()
        raise
    return connection
