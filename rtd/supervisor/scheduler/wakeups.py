"""When the scheduler wakes up: at a time of the wall clock, at once, and at every beat."""

import asyncio
from collections.abc import Callable
from typing import Final

from rtd.process.events.wall_clock_timer import WallClockTimer
from rtd.supervisor.core.log import log

#: How often the scheduler records that everything has been decided. After a gap, what came due
#: since then is a misfire.
BEAT_S: Final = 7.0
BEAT_US: Final = round(BEAT_S * 1e6)


class SchedulerWakeups:
    """The timers of one scheduler.

    Args:
        on_wake: called when the timer goes off, when the clock was set, and after `wake_soon`.
        on_beat: called one beat after `start_beat`.
    """

    def __init__(self, on_wake: Callable[[], None], on_beat: Callable[[], None]) -> None:
        self._on_wake = on_wake
        self._on_beat = on_beat
        self._timer: WallClockTimer | None = None
        self._soon: asyncio.Handle | None = None
        self._beat: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """Return whether the wall clock can wake the scheduler."""
        return self._timer is not None

    def open(self) -> None:
        """Listen to the wall clock."""
        self._timer = WallClockTimer()
        asyncio.get_running_loop().add_reader(self._timer.fileno(), self._on_timer)

    def close(self) -> None:
        """Wake the scheduler no more."""
        self.cancel_soon()
        if self._beat is not None:
            self._beat.cancel()
        if self._timer is not None:
            asyncio.get_running_loop().remove_reader(self._timer.fileno())
            self._timer.close()
            self._timer = None

    def wake_at(self, at_us: int) -> None:
        """Wake up at that time instead of the one set before."""
        if self._timer is not None:
            self._timer.set(at_us)

    def wake_soon(self) -> None:
        """Wake up once all events that came at the same time have been applied."""
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self._on_wake)

    def cancel_soon(self) -> None:
        """Forget `wake_soon`: the scheduler is awake."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None

    def start_beat(self) -> None:
        """Call `on_beat` one beat from now, once."""
        if self._beat is not None:
            self._beat.cancel()
        self._beat = asyncio.get_running_loop().call_later(BEAT_S, self._on_beat)

    def _on_timer(self) -> None:
        assert self._timer is not None
        if self._timer.drain():
            log.info("the clock was set")
        self._on_wake()
