"""Stands in for the connection to a daemon where an asyncio client has only Redis."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any

from rtctl.aio.connection import AsyncDaemonConnection
from rtctl.aio.connection_pool import AsyncConnectionPool
from rtctl.aio.redis_part_stream import AsyncRedisPartStream
from rtctl.client.redis_pool import redis_verbs
from rtctl.core.redis_options import is_redis_url, refuse_options
from rtd.common.errors import RtdError
from rtd.redis_client.redis_verbs import RedisVerbs

if TYPE_CHECKING:
    from rtctl.core.call_protocols import AsyncStream
    from rtctl.core.redis_options import RedisOptions


def open_pool(
    address: str | os.PathLike[str] | None, reconnect_s: float, options: RedisOptions
) -> AsyncConnectionPool:
    """Return the connections of a client: to a daemon, or to the Redis that a URL names."""
    if is_redis_url(address):
        return AsyncRedisPool(address, reconnect_s, options)
    refuse_options(options)
    return AsyncConnectionPool(address, reconnect_s)


class AsyncRedisPool(AsyncConnectionPool):
    """The verbs on a Redis, each call in a thread; see `rtctl.client.redis_pool.RedisPool`."""

    def __init__(self, url: str, reconnect_s: float, options: RedisOptions) -> None:
        super().__init__("/", reconnect_s)
        self._verbs = redis_verbs(url, self._reconnect_s, options)
        self.path = self._verbs.address

    async def aclose(self) -> None:
        """Close all connections. The pool may be used again: it reconnects."""
        self._verbs.close()

    async def get_connection(self) -> AsyncDaemonConnection:
        """Return what answers requests."""
        return await self.open_new()

    async def open_new(self) -> AsyncDaemonConnection:
        """Return what answers requests."""
        if AsyncConnectionPool.stand_in is not None:
            return AsyncConnectionPool.stand_in(self.path)
        return AsyncRedisAnswers(self._verbs)

    def stream(self, method: str, params: dict[str, Any]) -> AsyncStream[Any, Any]:
        """Open a streamed answer."""
        if AsyncConnectionPool.stand_in is not None:
            return super().stream(method, params)
        return AsyncRedisPartStream(self._verbs, method, params)


class AsyncRedisAnswers(AsyncDaemonConnection):
    """Answers each request in a thread."""

    def __init__(self, verbs: RedisVerbs) -> None:
        self.path = verbs.address
        self._verbs = verbs

    @property
    def is_open(self) -> bool:
        """Return false: it is never kept for a later call."""
        return False

    async def call(self, method: str, params: dict[str, Any], answer_s: float | None = None) -> Any:
        """Return the answer to a request. Raises RtdError."""
        if method != "wait":
            return await asyncio.to_thread(self._verbs.answer, method, params)
        return await self._wait(params)

    async def _wait(self, params: dict[str, Any]) -> Any:
        """Return the answer to a wait. The end of the event loop does not wait for its thread."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def settle(error: RtdError | None, answer: Any) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(answer)
            else:
                future.set_exception(error)

        def work() -> None:
            error, answer = None, None
            try:
                answer = self._verbs.answer("wait", params)
            except RtdError as found:
                error = found
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, error, answer)

        threading.Thread(target=work, name="rtd wait", daemon=True).start()
        return await future

    async def aclose(self) -> None:
        """Do nothing."""

    def drop(self) -> None:
        """Do nothing."""
