"""Reads the newest end of the streams of events while at least one client follows it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from rtd.common.errors import RtdError, StoreGone
from rtd.model.events.event_cursor import OLDEST
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log

#: A blocked read is renewed this often, so that it ends with the last follower.
BLOCK_MS = 30_000
#: Followers that are woken in one turn of the loop.
WAKES = 50


class EventTail:
    """Tells followers of new entries; each follower reads them at its own pace."""

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._followers: set[asyncio.Event] = set()
        self._task: asyncio.Task[Any] | None = None

    @contextlib.asynccontextmanager
    async def follow(self) -> AsyncIterator[asyncio.Event]:
        """Yield an event that is set whenever a stream has grown; clear it before you read."""
        with contextlib.suppress(StoreGone):  # `_read` says it again
            await self._context.execute(self._context.commands.follow(self._context.config.node))
        event = asyncio.Event()
        self._followers.add(event)
        if self._task is None:
            self._task = self._context.jobs.start_lasting(self._read, "following the events")
        try:
            yield event
        finally:
            self._followers.discard(event)
            if not self._followers and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _read(self) -> None:
        """Block on both streams on a connection of its own; wake all followers for each entry."""
        while True:
            try:
                connection = await AsyncRedisConnection.connect(
                    self._context.store_url, blocks_s=BLOCK_MS / 1000
                )
            except RtdError as error:
                log.warning("the events cannot be followed: %s", error)
                await self._context.wait_redis()
                continue
            try:
                await self._wake_for_entries(connection)
            except StoreGone:
                pass
            finally:
                await connection.close()
            await self._wake()

    async def _wake_for_entries(self, connection: AsyncRedisConnection) -> None:
        commands = self._context.commands
        newest = await connection.execute(commands.newest_events(1))
        own, users = (part[-1][0] if part else OLDEST for part in (newest.own, newest.users))
        await self._wake()
        said_s = 0.0
        while True:
            if time.monotonic() - said_s > BLOCK_MS / 1000:
                await connection.execute(commands.follow(self._context.config.node))
                said_s = time.monotonic()
            grown = await connection.execute(commands.wait_both(own, users, BLOCK_MS))
            if grown:
                own = grown.get(f"{commands.prefix}events", own)
                users = grown.get(f"{commands.prefix}user_events", users)
                await self._wake()

    async def _wake(self) -> None:
        await wake_in_turns(list(self._followers))


async def wake_in_turns(followers: Sequence[asyncio.Event]) -> None:
    """Wake followers, some in each turn of the loop: there may be thousands."""
    for count, event in enumerate(followers, 1):
        event.set()
        if count % WAKES == 0:
            await asyncio.sleep(0)
