"""Streamed answers in asyncio programs."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Any, Protocol

from rtctl.aio.connection import AsyncDaemonConnection
from rtctl.client.connection import ConnectionLost
from rtctl.client.part_stream import without_defaults
from rtctl.core.stream_position import position_of


class AsyncConnectionSource(Protocol):
    """The parts of a connection pool that a stream uses."""

    async def open_new(self) -> AsyncDaemonConnection:
        """Return a connection of its own."""
        ...

    async def open_anew(self) -> AsyncDaemonConnection:
        """Return a connection of its own to a daemon that may be restarting."""
        ...


class AsyncParts(ABC):
    """Parts that are iterated over once, or taken one by one.

    Attributes:
        answer: the answer that follows the last part; None before.
    """

    def __init__(self) -> None:
        self.answer: Any = None
        self._iterator: AsyncIterator[Any] | None = None
        self._next: asyncio.Task[Any] | None = None

    @abstractmethod
    def __aiter__(self) -> AsyncIterator[Any]: ...

    @abstractmethod
    async def _close(self) -> None:
        """Close the connection."""

    async def next_within(self, seconds: float | None) -> Any:
        """Return the next part, or None; see `rtctl.client.part_stream.PartStream.next_within`."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._take_next())
        done, _ = await asyncio.wait({self._next}, timeout=seconds)
        if not done:
            return None
        task, self._next = self._next, None
        return task.result()

    async def _take_next(self) -> Any:
        if self._iterator is None:
            self._iterator = aiter(self)
        return await anext(self._iterator, None)

    async def aclose(self) -> None:
        """Close the connection; nothing is sent any more."""
        task, self._next = self._next, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._close()


class AsyncPartStream(AsyncParts):
    """The parts of a streamed answer, each once. `aclose` ends it sooner.

    An answer that follows a run or the events goes on over a restart of the daemon.
    """

    def __init__(self, pool: AsyncConnectionSource, method: str, params: dict[str, Any]) -> None:
        super().__init__()
        self._pool = pool
        self._method = method
        self._params = params
        self._position = position_of(method, params)
        self._connection: AsyncDaemonConnection | None = None

    async def __aiter__(self) -> AsyncIterator[Any]:
        self._connection = await self._pool.open_new()
        try:
            while True:
                try:
                    async for part in self._parts(self._connection):
                        yield part
                    return
                except ConnectionLost:
                    if self._position is None:
                        raise
                await self._close()
                self._connection = await self._pool.open_anew()
                self._params = self._position.params
        finally:
            await self._close()

    async def _parts(self, connection: AsyncDaemonConnection) -> AsyncIterator[Any]:
        params = without_defaults(self._params)
        async for is_part, value in connection.stream(self._method, params):
            if not is_part:
                self.answer = value
            elif self._position is None or self._position.advance(value):
                yield value

    async def _close(self) -> None:
        """Close the connection; the daemon stops sending."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.aclose()
