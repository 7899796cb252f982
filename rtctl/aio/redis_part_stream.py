"""Streamed answers in asyncio programs that have only Redis."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from rtctl.aio.part_stream import AsyncParts
from rtd.redis_client.ends import RedisEnds
from rtd.redis_client.events import PAUSE_S, RedisEvents
from rtd.redis_client.redis_verbs import RedisVerbs


class AsyncRedisPartStream(AsyncParts):
    """The parts of a streamed answer. It waits in the event loop, and reads in threads: followers
    that wait hold no thread."""

    def __init__(self, verbs: RedisVerbs, method: str, params: dict[str, Any]) -> None:
        super().__init__()
        self._verbs = verbs
        self._request = method, params
        self._events: RedisEvents | RedisEnds | None = None
        self._step: asyncio.Future[None] | None = None
        self._grown: asyncio.Future[None] | None = None
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[Any]:
        events = self._events = await self._open()
        try:
            while not self._is_closed:
                while (part := events.take()) is not None:
                    yield part
                self.answer = events.answer
                if self.answer is not None:
                    return
                await self._advance(events)
        finally:
            await self._close()

    async def _open(self) -> RedisEvents | RedisEnds:
        opening = asyncio.ensure_future(asyncio.to_thread(self._verbs.open_stream, *self._request))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_opened)
            raise

    async def _advance(self, events: RedisEvents | RedisEnds) -> None:
        if events.is_away:
            await asyncio.sleep(PAUSE_S)
        elif events.is_waiting:
            await self._wait_readable(events.fileno(), events.wait_limit_s)
        if not self._is_closed:
            self._step = asyncio.ensure_future(asyncio.to_thread(events.step))
            await asyncio.shield(self._step)

    async def _wait_readable(self, fd: int, limit_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._grown = grown = loop.create_future()
        loop.add_reader(fd, _settle, grown)
        try:
            await asyncio.wait({grown}, timeout=limit_s)
        finally:
            loop.remove_reader(fd)

    async def _close(self) -> None:
        """Close the connection: at once, or when the thread that reads from it has ended."""
        self._is_closed = True
        if self._grown is not None:
            _settle(self._grown)
        events, self._events = self._events, None
        if events is None:
            return
        if self._step is None or self._step.done():
            events.close()
        else:
            self._step.add_done_callback(lambda _: events.close())


def _settle(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _close_opened(opening: "asyncio.Future[RedisEvents | RedisEnds]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
