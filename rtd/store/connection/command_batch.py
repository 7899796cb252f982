"""Commands that many tasks send at the same moment, in one round trip."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from rtd.common.errors import StoreError, StoreGone
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.command import RedisCommand

#: Commands in one trip: Redis and this process have other work in between.
MOST: Final = 500

_Waiting = tuple[Sequence[RedisCommand], "asyncio.Future[list[Any]]"]


class CommandBatch:
    """Collects the commands of one turn of the event loop. For work that comes by the thousand: a
    single command is a turn later than with the connection itself.

    Where Redis refuses a command, the others of its trip are sent once more. So they must be safe
    to repeat.

    Args:
        start: runs a coroutine in the background, in a context of its own: it does not wait as the
            first of the callers does.
    """

    def __init__(
        self,
        redis: AsyncRedisConnection,
        start: Callable[[Coroutine[Any, Any, None], str], object],
    ) -> None:
        self._redis = redis
        self._start = start
        self._waiting: list[_Waiting] = []

    async def execute_all(self, *calls: RedisCommand) -> list[Any]:
        """Return the results of some commands, in order; other commands may come in between.

        Raises:
            StoreGone, StoreRefusal, StoreError: as the connection does.
        """
        replies: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        if not self._waiting:
            self._start(self._send(), "sending commands to Redis")
        self._waiting.append((calls, replies))
        return await replies

    async def execute(self, call: RedisCommand) -> Any:
        """Return the result of one command. Raises as `execute_all` does."""
        return (await self.execute_all(call))[0]

    async def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        trip: list[_Waiting] = []
        count = 0
        for one in waiting:
            trip.append(one)
            count += len(one[0])
            if count >= MOST:
                await self._send_trip(trip)
                trip, count = [], 0
        if trip:
            await self._send_trip(trip)

    async def _send_trip(self, trip: list[_Waiting]) -> None:
        calls = [call for some, _ in trip for call in some]
        try:
            replies = iter(await self._redis.execute_all(*calls))
        except StoreGone as error:
            _fail(trip, error)
        except StoreError:  # one is refused: the others' replies are lost with it
            for some, future in trip:
                await self._send_alone(some, future)
        except BaseException as error:
            _fail(trip, error)
            raise
        else:
            for some, future in trip:
                found = [next(replies) for _ in some]
                if not future.done():
                    future.set_result(found)

    async def _send_alone(
        self, calls: Sequence[RedisCommand], future: "asyncio.Future[list[Any]]"
    ) -> None:
        try:
            found = await self._redis.execute_all(*calls)
        except StoreError as error:
            _fail([(calls, future)], error)
        else:
            if not future.done():
                future.set_result(found)


def _fail(trip: list[_Waiting], error: BaseException) -> None:
    for _, future in trip:
        if not future.done():
            future.set_exception(error)
