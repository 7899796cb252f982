"""The timers of delayed and of expiring runs, on the wall clock."""

import asyncio
import os
import time
from types import SimpleNamespace
from typing import Any, cast

from rtd.process.events.wall_clock_timer import WallClockTimer
from rtd.supervisor.core.jobs import Jobs
from rtd.supervisor.runs.delay_and_expiry import Alarm
from tests.helpers.deadline import until_async


class MovedTimer(WallClockTimer):
    """A timer of the kernel, and a clock that the test sets."""

    def __init__(self) -> None:
        super().__init__()
        self._event = os.eventfd(0, os.EFD_NONBLOCK)
        self.moments: list[int] = []

    def fileno(self) -> int:
        return self._event

    def set(self, at_us: int) -> None:
        super().set(at_us)
        self.moments.append(at_us)

    def clock_was_set(self) -> None:
        """Do what the kernel does then: the descriptor is readable, a read fails."""
        os.eventfd_write(self._event, 1)

    def drain(self) -> bool:
        os.eventfd_read(self._event)
        return True

    def close(self) -> None:
        super().close()
        os.close(self._event)


def alarm(calls: list[float], next_ms: int | None, **more: Any) -> Alarm:
    """An alarm that writes down when it goes off."""

    async def run_due() -> int | None:
        calls.append(time.time())
        return next_ms

    return Alarm(cast(Any, SimpleNamespace(jobs=Jobs())), "a test", run_due, **more)


def test_it_goes_off_at_its_moment_and_not_when_it_is_cleared() -> None:
    async def main() -> None:
        calls: list[float] = []
        cleared, one = alarm(calls, None), alarm(calls, None)
        at_ms = time.time() * 1000 + 50
        cleared.set(at_ms)
        cleared.set(None)
        one.set(at_ms)
        await until_async(lambda: calls)
        one.set(time.time() * 1000 + 20)
        await until_async(lambda: calls[1:])
        assert len(calls) == 2
        assert calls[0] * 1000 >= at_ms
        one.close()
        cleared.close()

    asyncio.run(main())


def test_a_clock_that_is_set_makes_due_what_is_due_then() -> None:
    async def main() -> None:
        calls: list[float] = []
        timer = MovedTimer()
        hour_ms = round(time.time() * 1000) + 3_600_000
        one = alarm(calls, hour_ms, new_timer=lambda: timer)
        one.set(hour_ms)
        assert calls == []
        timer.clock_was_set()
        await until_async(lambda: calls)
        await until_async(lambda: timer.moments[1:])
        assert timer.moments == [(hour_ms + 1) * 1000] * 2
        one.close()

    asyncio.run(main())
