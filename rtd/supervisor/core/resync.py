"""All parts look at everything again: notifications or the work of a job may have been lost."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from rtd.common.errors import StoreGone
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.supervisor.core.jobs import FORGET_S, Jobs, SingleFlight
from rtd.supervisor.core.retry import Backoff

#: After a failure all parts look again, the later the more failures there are in a row.
_WAITS_S: Final = (0.2, 30.0)


class Resync:
    """Lets all parts look at everything again, one time after the other.

    Args:
        jobs: run this in the background.
        redis: the parts look when it takes commands.
        steps: of the parts, in their order; each may be repeated at any time.
    """

    def __init__(
        self,
        jobs: Jobs,
        redis: AsyncRedisConnection,
        steps: Sequence[Callable[[], Awaitable[None] | None]],
    ) -> None:
        self._redis = redis
        self._steps = steps
        self._looks = SingleFlight(jobs, "looking at everything in Redis", self._look_again)
        self._pause = Backoff(*_WAITS_S)
        self._failed_at_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def request(self) -> None:
        """Look soon: the connection to Redis is new, or Redis takes commands again."""
        self._looks.request()

    def on_failure(self) -> None:
        """Look after a while: a job has failed."""
        if self._timer is not None:
            return
        now_s = time.monotonic()
        if now_s - self._failed_at_s > FORGET_S:
            self._pause.reset()
        self._failed_at_s = now_s
        self._timer = asyncio.get_running_loop().call_later(self._pause.next_s(), self._on_timer)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _on_timer(self) -> None:
        self._timer = None
        self.request()

    async def _look_again(self) -> None:
        try:
            await self._redis.connected.wait()
            for step in self._steps:
                looking = step()
                if looking is not None:
                    await looking
        except StoreGone:
            pass  # the next connection looks again
