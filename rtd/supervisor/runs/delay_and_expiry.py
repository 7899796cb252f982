"""Makes delayed runs due and expires waiting runs: one timer for each, set for the earliest."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Final

from rtd.common.errors import StoreGone
from rtd.process.events.wall_clock_timer import WallClockTimer
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import EXPIRED, cancel_waiting

EXPIRE_BATCH: Final = 100

RunDue = Callable[[], Awaitable[int | None]]


class Alarm:
    """One timer for the earliest of many moments, on the wall clock: a clock that is set, and the
    sleep of the machine, move no moment.

    Args:
        context: what the parts of the supervisor share.
        name: for the log.
        run_due: does what is due; returns the next moment in wall milliseconds, or None.
        new_timer: makes the timer.
    """

    def __init__(
        self,
        context: SupervisorContext,
        name: str,
        run_due: RunDue,
        new_timer: Callable[[], WallClockTimer] = WallClockTimer,
    ) -> None:
        self._context = context
        self._name = name
        self._run_due = run_due
        self._new_timer = new_timer
        self._timer: WallClockTimer | None = None

    def set(self, at_ms: float | None) -> None:
        """Set the timer to this wall time; it replaces an earlier one. None: clear it."""
        if at_ms is not None:
            # One millisecond more: Redis compares whole ones.
            self._opened().set(round((at_ms + 1) * 1000))
        elif self._timer is not None:
            self._timer.clear()

    def close(self) -> None:
        """Clear the timer and close it."""
        if self._timer is not None:
            asyncio.get_running_loop().remove_reader(self._timer.fileno())
            self._timer.close()
            self._timer = None

    async def run_due(self) -> None:
        """Do what is due now, then set the timer to the next moment. Raises StoreGone."""
        self.set(await self._run_due())

    def _opened(self) -> WallClockTimer:
        if self._timer is None:
            self._timer = self._new_timer()
            asyncio.get_running_loop().add_reader(self._timer.fileno(), self._fire, self._timer)
        return self._timer

    def _fire(self, timer: WallClockTimer) -> None:
        timer.drain()  # when the clock was set, it may be due, or due at another time
        self._context.jobs.start(self._run(), self._name)

    async def _run(self) -> None:
        with contextlib.suppress(StoreGone):  # `resync` runs it when Redis is back
            await self.run_due()


class RunTimers:
    """Both timers; Redis sets them, by replies and by notifications (`due|ms`, `expire|ms`)."""

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._due = Alarm(context, "promoting delayed runs", self._promote)
        self._expiry = Alarm(context, "expiring runs", self._expire)

    def on_due(self, text: str) -> None:
        """Set the timer of delayed runs: this time is now the earliest."""
        self._due.set(float(text))

    def on_expire(self, text: str) -> None:
        """Set the timer of expiring runs: this time is now the earliest."""
        self._expiry.set(float(text))

    async def resync(self) -> None:
        """Do what is due and set both timers: at the start, and after Redis was away."""
        await self._due.run_due()
        await self._expiry.run_due()

    def stop(self) -> None:
        """Clear both timers."""
        self._due.close()
        self._expiry.close()

    async def _promote(self) -> int | None:
        context = self._context
        next_ms: int | None = await context.execute(
            context.commands.promote(context.config.node, now_ms())
        )
        return next_ms

    async def _expire(self) -> int | None:
        context = self._context
        while True:
            next_ms: int | None
            next_ms, due = await context.execute(
                context.commands.list_expired(now_ms(), EXPIRE_BATCH)
            )
            for run in due:
                await self._expire_one(run.id, run.record)
            if len(due) < EXPIRE_BATCH:
                return next_ms

    async def _expire_one(self, run_id: str, blob: bytes) -> None:
        """Cancel a run that was not started in time, unless it has started just now."""
        context = self._context
        record = readable_record(run_id, blob)
        if record is None or record.attempts:  # its turn ends it, or it waits to be tried again
            await context.execute(context.commands.forget_expiry([run_id]))
        else:
            why = "it had not started when it expired"
            await cancel_waiting(context, blob, record, EXPIRED, why, time.time())
