"""Connections of asyncio programs to one daemon: one that calls share, one for each stream."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, ClassVar

from rtctl.aio.connection import AsyncDaemonConnection, open_connection
from rtctl.aio.part_stream import AsyncPartStream
from rtctl.client.connection import ConnectionLost, answer_limit_s, no_answer
from rtctl.client.connection_pool import PAGE
from rtctl.client.errors import DaemonUnreachable
from rtctl.core.call_protocols import AsyncStream
from rtctl.core.check_argument import check_number, find_address
from rtctl.core.deadline import GRACE_S, deadline_of
from rtctl.generated.async_verbs import AsyncVerbs
from rtctl.generated.shapes import Row
from rtd.common.errors import WaitTimeout
from rtd.config.socket_path import CALLER_RUN, is_socket_named

_PAUSE_S = 0.05


class AsyncConnectionPool:
    """As `rtctl.client.connection_pool.ConnectionPool`, for the tasks of one event loop at a time.

    When that has ended, another one may use it: the connection is made once more.

    Attributes:
        stand_in: as that of `ConnectionPool`.
    """

    stand_in: ClassVar[Callable[[str], AsyncDaemonConnection] | None] = None

    def __init__(self, address: str | os.PathLike[str] | None, reconnect_s: float) -> None:
        self.path = find_address(address)
        self._is_named = address is not None or is_socket_named()
        check_number("reconnect_s", reconnect_s)
        self._reconnect_s = reconnect_s or 0.0
        self._connection: AsyncDaemonConnection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = asyncio.Lock()
        self.rpc = AsyncVerbs(self.call, self.stream)

    async def aclose(self) -> None:
        """Close the connection. The pool may be used again: it reconnects."""
        self._enter_loop()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.aclose()

    async def get_connection(self) -> AsyncDaemonConnection:
        """Return the shared connection; opens it again when it is gone."""
        if AsyncConnectionPool.stand_in is not None:
            return AsyncConnectionPool.stand_in(self.path)
        self._enter_loop()
        async with self._lock:
            if self._connection is None or not self._connection.is_open:
                self._connection = await self.open_new()
            return self._connection

    def _enter_loop(self) -> None:
        """Drop what belongs to another event loop. Raises RuntimeError: that one still runs."""
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return
        if self._loop is not None and self._loop.is_running():
            raise RuntimeError(
                "this AsyncClient is in use in another event loop: make one for each loop"
            )
        self._loop, self._lock = loop, asyncio.Lock()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.drop()

    def rpc_within(self, limit_s: float | None, grace_s: float = 0.0) -> AsyncVerbs:
        """Return the verbs; see `rtctl.client.connection_pool.ConnectionPool.rpc_within`."""
        check_number("timeout", limit_s)
        until = deadline_of(limit_s, grace_s)
        if until is None:
            return self.rpc

        async def call(method: str, params: dict[str, Any], repeatable: bool = True) -> Any:
            try:
                # It covers the connecting, too.
                async with asyncio.timeout(until.left_s):
                    return await self._call(method, params, repeatable, None)
            except TimeoutError:
                raise no_answer(self.path, until.limit_s) from None

        return AsyncVerbs(call, self.stream)

    async def call(self, method: str, params: dict[str, Any], repeatable: bool = True) -> Any:
        """Send a request; see `rtctl.client.connection_pool.ConnectionPool.call`."""
        return await self._call(method, params, repeatable, answer_limit_s(method, params))

    async def _call(
        self, method: str, params: dict[str, Any], repeatable: bool, answer_s: float | None
    ) -> Any:
        try:
            return await (await self.get_connection()).call(method, params, answer_s)
        except ConnectionLost:
            if not repeatable:
                raise
        return await (await self._reconnect(self.get_connection)).call(method, params, answer_s)

    async def wait(self, runs: list[str], timeout_s: float | None, any: bool = False) -> list[Row]:
        """Wait for runs; see `rtctl.client.connection_pool.ConnectionPool.wait`."""
        deadline = None if timeout_s is None else monotonic() + timeout_s
        if len(runs) > PAGE and not any:
            rows: list[Row] = []
            for start in range(0, len(runs), PAGE):
                left_s = None if deadline is None else max(deadline - monotonic(), 0.0)
                rows += await self.wait(runs[start : start + PAGE], left_s)
            return rows
        while True:
            left_s = None if deadline is None else max(deadline - monotonic(), 0.0)
            try:
                rpc = self.rpc_within(left_s, GRACE_S)
                waiter = CALLER_RUN.find()
                answer = await rpc.wait(runs=runs, timeout_s=left_s, any=any, waiter=waiter)
                return answer["runs"]
            except ConnectionLost:
                if left_s == 0.0:
                    raise WaitTimeout(f"not over within {timeout_s:g} s") from None

    async def open_anew(self) -> AsyncDaemonConnection:
        """Return a connection of its own to a daemon that may be restarting."""
        return await self._reconnect(self.open_new)

    async def open_new(self) -> AsyncDaemonConnection:
        """Return a connection of its own."""
        if AsyncConnectionPool.stand_in is not None:
            return AsyncConnectionPool.stand_in(self.path)
        return await open_connection(self.path, self._is_named)

    async def _reconnect(
        self, connect: Callable[[], Awaitable[AsyncDaemonConnection]]
    ) -> AsyncDaemonConnection:
        deadline = monotonic() + self._reconnect_s
        while True:
            try:
                return await connect()
            except DaemonUnreachable:
                if monotonic() > deadline:
                    raise
                await asyncio.sleep(_PAUSE_S)

    def stream(self, method: str, params: dict[str, Any]) -> AsyncStream[Any, Any]:
        """Open a streamed answer on a connection of its own."""
        return AsyncPartStream(self, method, params)
