"""The planner on the clock: turned when something is due or has happened, its decisions fired."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from rtd.common.errors import StoreGone
from rtd.language.core.view import Host
from rtd.planner.occurrence import Occurrence
from rtd.planner.planner import Planner
from rtd.planner.predict import is_crowd, predict, still_holds
from rtd.process.events.wall_clock_timer import WallClockTimer
from rtd.process.tree.host_load import measure_host
from rtd.store.commands.schedule_records import SchedulerState
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log
from rtd.supervisor.scheduler.dispatcher import Dispatcher
from rtd.supervisor.scheduler.prepared_batch import PreparedBatch

#: How often it is written down that everything has been decided: what is due while nobody
#: looks is found from there.
BEAT_S: Final = 7.0
BEAT_US: Final = round(BEAT_S * 1e6)
#: Nobody looked for so long when something was due, or longer than a beat: the clock was set
#: forward, the machine slept, or we stood still.
GAP_US: Final = 5_000_000
#: So long before many tasks come due at once their runs are packed; not if less time is left.
LEAD_US: Final = 250_000
MIN_LEAD_US: Final = 60_000
#: A clock that went back by less is waited for.
MAX_BACKWARD_US: Final = 1_000_000


class ClockLoop:
    """A planner, its clock, and where its decisions go.

    Args:
        context: what the parts of the supervisor share.
        clock: gives UTC microseconds.
        turned: called after each turn.

    Attributes:
        planner: None while no task has a condition.
        outbox: what has been decided and is not in Redis yet.
        is_open: between `open` and `close`.
    """

    def __init__(
        self, context: SupervisorContext, clock: Callable[[], int], turned: Callable[[], None]
    ) -> None:
        self._context = context
        self._clock = clock
        self._on_advance = turned
        self._timer: WallClockTimer | None = None
        self._beat: asyncio.TimerHandle | None = None
        self._soon: asyncio.Handle | None = None
        self._due_us = 0
        self._prepared: PreparedBatch | None = None
        self._sent_ids: frozenset[str] = frozenset()
        self.planner: Planner | None = None
        self.dispatcher = Dispatcher(context, self._decided_us, self._on_existing_run)

    # --- life

    @property
    def is_open(self) -> bool:
        """Whether there is a clock to turn by."""
        return self._timer is not None

    def open(self) -> None:
        """Listen to the clock."""
        self._timer = WallClockTimer()
        asyncio.get_running_loop().add_reader(self._timer.fileno(), self._on_timer)

    def close(self) -> None:
        """Start nothing more."""
        self.planner = None
        for handle in (self._beat, self._soon):
            if handle is not None:
                handle.cancel()
        if self._timer is not None:
            asyncio.get_running_loop().remove_reader(self._timer.fileno())
            self._timer.close()
            self._timer = None

    def replace_planner(
        self, planner: Planner, kept: SchedulerState
    ) -> tuple[list[Occurrence], Sequence[Occurrence]]:
        """Go on with this planner. Gives what it finds at once, which is yet to be fired, and
        the runs of the one before it that may have begun, and ended, unheard."""
        now_us = self._clock()
        decided = self._let_decide(now_us)
        self._prepared = None
        if planner.history.newest_us > now_us:
            planner.history.set_back(now_us)
        self.planner = planner
        taken = planner.events.take_over(self.dispatcher.take_tracked())
        if decided:
            return planner.begin(now_us, now_us), taken
        alive_us = None if kept.alive_us is None else min(kept.alive_us, now_us)
        self.dispatcher.alive_us = alive_us if alive_us is not None else now_us
        return planner.begin(now_us, alive_us), taken

    def _let_decide(self, now_us: int) -> bool:
        """The planner that goes decides what is due up to now, so that nothing falls between
        it and the next one. False: there is none, or it has stood still: what it has decided
        and not sent is decided again."""
        old = self.planner
        if old is not None and not self._context.gate.is_draining:
            late_us = now_us - self._expected_us(old)
            if late_us <= GAP_US and old.now_us - now_us <= MAX_BACKWARD_US:
                self._dispatch_due(old, now_us)
                return True
        self.dispatcher.clear()
        return False

    def _dispatch_due(self, planner: Planner, now_us: int) -> None:
        shot, self._sent_ids = self._sent_ids, frozenset()
        self.dispatcher.put([one for one in planner.advance(now_us) if one.run_id not in shot])

    # --- turns

    def advance_soon(self) -> None:
        """Look once everything that has come at the same time has been told."""
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self.advance)

    def advance(self) -> None:
        """Decide what is due, fire it, and set the timer for the next."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        planner = self.planner
        if planner is None or self._context.gate.is_draining:
            return
        now_us = self._clock()
        if planner.index.wants_host:
            planner.views.set_host(Host(*measure_host()))
        late_us = now_us - self._expected_us(planner)
        if late_us > GAP_US and planner.tasks:
            gap_s = (now_us - planner.now_us) / 1e6
            why = f"nobody looked for {gap_s:.0f} s (the clock was set, or the host slept)"
            log.warning("the schedule goes on from %s: %s", time.ctime(now_us / 1e6), why)
            self.dispatch(planner.skip_gap(planner.now_us, now_us, why))
        elif now_us - planner.now_us < -MAX_BACKWARD_US:
            log.warning("the clock was set back by %.0f s", (planner.now_us - now_us) / 1e6)
            self.dispatch(planner.set_back(now_us))
        else:
            if self._send_prepared(planner, now_us):
                self.advance_soon()  # what is sent goes first, the planner's books come after it
                return
            self._dispatch_due(planner, now_us)
            self._arm()
        self._on_advance()

    def advance_to(self, at_us: int) -> None:
        """What came due before an event is decided before the planner is told of it: told
        first, a window that has closed meanwhile would never have been open."""
        planner, at_us = self.planner, min(at_us, self._clock())
        if planner is None or self._context.gate.is_draining or planner.agenda.next_us() >= at_us:
            return
        if at_us - self._expected_us(planner) > GAP_US:
            return  # the next turn judges what nobody looked at
        if self._prepared is not None and self._prepared.at_us <= at_us:
            self._prepared = None
        self._dispatch_due(planner, at_us)

    def dispatch(self, found: Iterable[Occurrence]) -> None:
        """Send what was decided, and set the timer."""
        self.dispatcher.put(found)
        self._arm()

    def _expected_us(self, planner: Planner) -> int:
        """When the next look after the last was due: at the planner's next moment, and at the
        latest at the next beat."""
        beat_us = planner.now_us + BEAT_US
        return max(planner.now_us, min(self._due_us, beat_us) if self._due_us else beat_us)

    def _send_prepared(self, planner: Planner, now_us: int) -> bool:
        """Send what was packed for this moment, if there is something and it still holds. What
        is decided next says the same."""
        volley = self._prepared
        if volley is None or now_us < volley.at_us:
            return False
        self._prepared = None
        occurrences = volley.occurrences
        late = now_us - volley.at_us > LEAD_US
        if late or not still_holds(planner, volley.at_us, occurrences):
            return False
        self.dispatcher.send_prepared(volley)
        self._sent_ids = frozenset(one.run_id for one in occurrences)
        return bool(occurrences)

    def _arm(self) -> None:
        """Set the timer; before many come due at once some time is taken to prepare for it."""
        planner = self.planner
        wake_us = None if planner is None else planner.next_wake()
        self._due_us = wake_us or 0
        if planner is None or wake_us is None or self._timer is None:
            return
        ahead_us = wake_us - self._clock()
        packed = self._prepared is not None and self._prepared.at_us == wake_us
        if ahead_us > MIN_LEAD_US and not packed and is_crowd(planner, wake_us):
            if ahead_us > LEAD_US:
                self._timer.set(wake_us - LEAD_US)
                return
            self._prepared = PreparedBatch(self._context, wake_us, predict(planner, wake_us))
        self._timer.set(wake_us)

    def _on_timer(self) -> None:
        assert self._timer is not None
        if self._timer.drain():
            log.info("the clock was set")
        self.advance()

    # --- up to when everything has been decided

    def start_heartbeat(self) -> None:
        """Note from time to time that everything has been decided, beginning a beat from now."""
        if self._beat is not None:
            self._beat.cancel()
        if not self._context.gate.has_opened:
            return  # what comes due meanwhile is the next daemon's
        self._beat = asyncio.get_running_loop().call_later(BEAT_S, self._on_heartbeat)

    def _on_heartbeat(self) -> None:
        if self.planner is None or self._context.gate.is_draining:
            return
        self.advance()
        self.save_alive()
        self.start_heartbeat()

    def save_alive(self) -> None:
        """Note up to when everything has been decided, if that is so."""
        if not self._context.gate.has_opened:
            return
        planner = self.planner
        if planner is not None and not self.dispatcher and self._context.redis.connected.is_set():
            self._context.jobs.start(self._save_alive(planner.now_us), "noting the time")

    async def _save_alive(self, at_us: int) -> None:
        try:
            await self._context.execute(self._context.commands.set_alive(at_us))
            self.dispatcher.alive_us = at_us
        except StoreGone:
            pass  # the older moment stands

    def _decided_us(self) -> int:
        return self._clock() if self.planner is None else self.planner.now_us

    def _on_existing_run(self, one: Occurrence, _state: str) -> None:
        """Record that the run of an occurrence existed before and is over."""
        if self.planner is not None:
            self.planner.events.record_existing(one.task, one.run_id, one.start_us)
            self.advance_soon()
