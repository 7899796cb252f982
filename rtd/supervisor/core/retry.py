"""Waiting for Redis, and waits that grow."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from rtd.common.errors import StoreGone

ResultT = TypeVar("ResultT")
#: After a failed call the connection gets this long to notice that it is lost.
LINK_PAUSE_S: Final = 0.01


async def wait_connected(connected: asyncio.Event) -> None:
    """Wait until Redis is connected again, after a call has failed.

    Always waits a moment first: the connection may not have noticed its loss yet.
    """
    await asyncio.sleep(LINK_PAUSE_S)
    await connected.wait()


async def retry_until_redis_answers(
    connected: asyncio.Event, step: Callable[[], Awaitable[ResultT]]
) -> ResultT:
    """Return the result of a step, however long Redis is away.

    Args:
        connected: set while the connection that the step uses is there.
        step: repeated from its beginning whenever it raises StoreGone. A call whose reply was
            lost may have been carried out, so the step must be safe to repeat.
    """
    while True:
        try:
            return await step()
        except StoreGone:
            await wait_connected(connected)


class Backoff:
    """Waits that double with each failure in a row.

    Args:
        first_s: the wait after the first failure.
        longest_s: no wait is longer.
    """

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = 0.0

    def next_s(self) -> float:
        """Return the wait after one more failure."""
        wait_s = min(self._next_s or self._first_s, self._longest_s)
        self._next_s = min(2 * wait_s, self._longest_s)
        return wait_s

    async def wait(self) -> None:
        """Sleep for the next wait."""
        await asyncio.sleep(self.next_s())

    def reset(self) -> None:
        """Start again with the first wait: something has succeeded."""
        self._next_s = 0.0
