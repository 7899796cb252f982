"""Starts the tasks of the app by their conditions: the planner and the clock that drives it.

The steps that start and end runs keep what is known of them in Redis, so a supervisor that dies
forgets nothing: the next one continues from the moment up to which everything had been decided.
"""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

from rtd.common.errors import StoreGone
from rtd.language.core.view import Host, Sample, View, World
from rtd.model.manifest import Manifest
from rtd.planner.occurrence import Occurrence
from rtd.planner.planner import Planner
from rtd.process.tree.host_load import measure_host
from rtd.store.commands.schedule_records import SchedulerState
from rtd.supervisor.core.clock import wall_us
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log
from rtd.supervisor.scheduler.dispatcher import Dispatcher
from rtd.supervisor.scheduler.load_planner import load_planner, tune_gc
from rtd.supervisor.scheduler.open_moments import reopen_moments
from rtd.supervisor.scheduler.restore_history import reconcile_runs
from rtd.supervisor.scheduler.wakeups import BEAT_US, SchedulerWakeups

#: A turn that comes so much later than expected follows a gap: the clock was set forward, the
#: machine slept, or the supervisor stood still.
GAP_US: Final = 5_000_000
#: A clock that went back by less is waited for.
MAX_BACKWARD_US: Final = 1_000_000


class TaskScheduler:
    """The schedule of the serving app.

    Args:
        context: what the parts of the supervisor share.
        now_us: gives the time, UTC microseconds.
        on_advance: called after each turn, and when the app has changed.

    Attributes:
        planner: None while no task has a condition.
        dispatcher: what has been decided and is not in Redis yet.
    """

    def __init__(
        self,
        context: SupervisorContext,
        now_us: Callable[[], int] = wall_us,
        on_advance: "Callable[[TaskScheduler], None]" = lambda _: None,
    ) -> None:
        self.planner: Planner | None = None
        self.dispatcher = Dispatcher(context, self._decided_us, self._on_existing_run)
        self.now_us = now_us
        self._context = context
        self._on_advance = on_advance
        self._wakeups = SchedulerWakeups(self.advance, self._on_beat)
        self._started_us = now_us()
        self._due_us = 0
        self._loaded: Manifest | None = None
        self._loading = asyncio.Lock()
        #: Events that wait for the planner that is being loaded; None: none is.
        self._deferred: list[Callable[[Planner], None]] | None = None

    # --- life

    async def start(self) -> None:
        """Continue from where the last scheduler was. Raises StoreGone."""
        self._wakeups.open()
        await self.load()

    def stop(self) -> None:
        """Start nothing more."""
        self.planner = None
        self._wakeups.close()

    @property
    def is_open(self) -> bool:
        """Return whether the scheduler is between `start` and `stop`."""
        return self._wakeups.is_open

    @property
    def is_current(self) -> bool:
        """Return whether the latest load was of the app that serves now."""
        return self._context.manifest is self._loaded

    async def load(self) -> None:
        """Load a planner of the serving app's tasks, with all that Redis knows of them. Without an
        answer of Redis the planner loaded before goes on. Raises StoreGone."""
        async with self._loading:
            manifest, self._loaded = self._context.manifest, None
            self._deferred = []
            self.dispatcher.track_sent()
            loaded = await load_planner(self._context, self._started_us, self.now_us())
            asyncio.get_running_loop().call_soon(tune_gc)  # once the first starts are under way
            if loaded is None:
                self.planner, self._deferred, self._loaded = None, None, manifest
                self._on_advance(self)
                return
            planner, state = loaded
            occurrences, taken = self._replace_planner(planner, state)
            deferred, self._deferred = self._deferred, None
            for event in deferred:
                event(planner)
            log.info("tasks with a condition: %d", len(planner.tasks))
            self._dispatch(occurrences)
            if state.alive_us is None:  # what is due from now on is missed if this daemon ends soon
                self.dispatcher.save_alive()
            self._loaded = manifest
            self._wakeups.start_beat()
            self._on_advance(self)
            if taken:
                self._context.jobs.start(self._reconcile(planner, taken), "looking at late starts")

    def _replace_planner(
        self, planner: Planner, state: SchedulerState
    ) -> tuple[list[Occurrence], Sequence[Occurrence]]:
        """Go on with this planner.

        Returns:
            What it decides at once, to be dispatched; and the runs of the planner before it
            whose begin or end may have had no notification.
        """
        now_us, old = self.now_us(), self.planner
        is_decided = old is not None and self._decide_last(old, now_us)
        self.dispatcher.drop_prepared()
        if not is_decided:
            self.dispatcher.clear()  # the new planner decides it again
        if planner.history.newest_us > now_us:
            planner.history.set_back(now_us)
            reopen_moments(self._context, planner.tasks, now_us)
        self.planner = planner
        taken = planner.events.take_over(self.dispatcher.take_tracked())
        if is_decided:
            return planner.begin(now_us, now_us), taken
        alive_us = None if state.alive_us is None else min(state.alive_us, now_us)
        self.dispatcher.alive_us = alive_us if alive_us is not None else now_us
        return planner.begin(now_us, alive_us), taken

    def _decide_last(self, old: Planner, now_us: int) -> bool:
        """Let the old planner decide what is due up to now, so that nothing falls between it
        and the next one. Return False if it has stood still."""
        is_late = now_us - self._expected_us(old) > GAP_US
        if self._context.gate.is_draining or is_late or old.now_us - now_us > MAX_BACKWARD_US:
            return False
        self.dispatcher.put_decided(old.advance(now_us))
        return True

    async def _reconcile(self, planner: Planner, taken: Sequence[Occurrence]) -> None:
        """Read whether runs that were taken over have ended without a notification."""
        with suppress(StoreGone):  # when Redis is back, everything is read again
            await reconcile_runs(self._context, planner, taken, self.dispatcher.is_in_flight)
        self.advance_soon()

    # --- turns

    def apply(self, event: Callable[[Planner], None]) -> None:
        """Apply an event to the planner; while one is loaded, to that one, after it is there."""
        if self._deferred is not None:
            self._deferred.append(event)
        elif self.planner is not None:
            event(self.planner)

    def advance_soon(self) -> None:
        """Advance once all events that came at the same time have been applied."""
        self._wakeups.wake_soon()

    def advance(self) -> None:
        """Decide what is due, dispatch it, and set the timer for the next turn."""
        self._wakeups.cancel_soon()
        planner = self.planner
        if planner is None or self._context.gate.is_draining:
            return
        now_us = self.now_us()
        if planner.index.wants_host:
            planner.views.set_host(Host(*measure_host()))
        if now_us - self._expected_us(planner) > GAP_US and planner.tasks:
            gap_s = (now_us - planner.now_us) / 1e6
            why = f"rtd stood still for {gap_s:.0f} s (the clock was set, or the host slept)"
            log.warning("the schedule continues from %s: %s", time.ctime(now_us / 1e6), why)
            self._dispatch(planner.skip_gap(planner.now_us, now_us, why))
        elif now_us - planner.now_us < -MAX_BACKWARD_US:
            log.warning("the clock was set back by %.0f s", (planner.now_us - now_us) / 1e6)
            reopen_moments(self._context, planner.tasks, now_us)
            self._dispatch(planner.set_back(now_us))
        else:
            if self.dispatcher.send_prepared(planner, now_us):
                self.advance_soon()  # sending comes first; the planner decides the same after it
                return
            self._dispatch(planner.advance(now_us))
        self._on_advance(self)

    def advance_to(self, at_us: int) -> None:
        """Decide what came due before an event that is applied next: applied first, it would hide a
        time window that opened and closed in between."""
        planner, at_us = self.planner, min(at_us, self.now_us())
        if planner is None or self._context.gate.is_draining or planner.agenda.next_us() >= at_us:
            return
        if at_us - self._expected_us(planner) > GAP_US:
            return  # the next turn resolves the misfires
        self.dispatcher.drop_prepared(at_us)
        self.dispatcher.put_decided(planner.advance(at_us))

    def _dispatch(self, occurrences: Iterable[Occurrence]) -> None:
        self.dispatcher.put_decided(occurrences)
        self._set_timer()

    def _expected_us(self, planner: Planner) -> int:
        """Return when the turn after the last one was due: at the planner's next wake-up, and
        at the latest at the next beat."""
        beat_us = planner.now_us + BEAT_US
        return max(planner.now_us, min(self._due_us, beat_us) if self._due_us else beat_us)

    def _set_timer(self) -> None:
        planner = self.planner
        wake_us = None if planner is None else planner.next_wake()
        self._due_us = wake_us or 0
        if planner is not None and wake_us is not None and self.is_open:
            self._wakeups.wake_at(self.dispatcher.prepare(planner, wake_us, self.now_us()))

    def _on_beat(self) -> None:
        if self.planner is None or self._context.gate.is_draining:
            return
        self._wakeups.start_beat()
        self.advance()
        self.dispatcher.save_alive()

    def _decided_us(self) -> int:
        return self.now_us() if self.planner is None else self.planner.now_us

    def _on_existing_run(self, one: Occurrence, start_us: int) -> None:
        """Record that an occurrence has no run to wait for, since the task started then."""
        if self.planner is not None:
            at_us = min(start_us, self.now_us())
            self.planner.events.record_existing(one.task, one.run_id, at_us)
            self.advance_soon()

    def view_of_run(self, task: str, zone: str | None, sample: Sample, world: World) -> View | None:
        """Return the view for the end condition of a running run; None: the history is not read
        yet. The app need not have the task any more."""
        if self.planner is None:
            return None
        view = self.planner.views.view_of_run(task, zone, self.now_us(), sample)
        view.world = dataclasses.replace(view.world, host=world.host)
        return view
