"""The planner on the real clock: wakes it, tells it what happens, and fires what it decides.

What is known of runs is kept in Redis by the same steps that start and end them, so a
supervisor that dies at any moment forgets nothing: the next one takes up from the moment up to
which everything had been decided.
"""

import asyncio
import dataclasses
import os
import time
from collections.abc import Callable, Iterable
from typing import Final

from rtd.conditions import Host, Sample, View, World
from rtd.conditions.ledger import RUN
from rtd.conditions.zones import zone_of
from rtd.model.errors import StoreGone, WrongState
from rtd.model.manifest import Manifest, TaskInfo
from rtd.model.run import decode
from rtd.model.timezone import local_timezone
from rtd.process.host import measure_host
from rtd.process.wallclock import WallTimer
from rtd.store.scheduling import ALL, Kept, kept_of
from rtd.supervisor.core import Core
from rtd.supervisor.firing import Outbox
from rtd.supervisor.log import log
from rtd.supervisor.parameters import session_values
from rtd.supervisor.remembering import ACTIONS, remember, watch
from rtd.supervisor.schedule import Occurrence, Planner
from rtd.supervisor.schedule.ahead import is_crowd, is_sure, predict
from rtd.supervisor.volley import Volley

#: How often it is written down that everything has been decided: what is due while nobody
#: looks is found from there.
BEAT_S: Final = 1.0
#: Nobody looked for so long: the clock was set forward, the machine slept, or we stood still.
GAP_US: Final = 5_000_000
#: So long before many tasks come due at once their runs are packed; not if less time is left.
LEAD_US: Final = 250_000
SHORT_US: Final = 60_000
#: A clock that went back by less is waited for.
BACK_US: Final = 1_000_000

#: In a ring: a run has been queued that counts as started.
CHAR_STARTED: Final = "q"


def host_zone() -> str:
    """The host's time zone, UTC if nobody knows it here."""
    name = local_timezone()
    try:
        zone_of(name)
    except ValueError as error:
        log.warning("conditions are read in UTC: %s", error)
        return "UTC"
    return name


def wall_us() -> int:
    """The wall clock, UTC microseconds."""
    return time.time_ns() // 1000


class Scheduler:
    """Starts the tasks of the serving app by their conditions.

    Args:
        core: the shared ground.
        clock: gives UTC microseconds.

    Attributes:
        planner: None while no task has a condition.
    """

    def __init__(self, core: Core, clock: Callable[[], int] = wall_us) -> None:
        self._core = core
        self._clock = clock
        self._started_us = clock()
        self._timer: WallTimer | None = None
        self._beat: asyncio.TimerHandle | None = None
        self._soon: asyncio.Handle | None = None
        self._rings: list[str] | None = []
        self._served: Manifest | None = None
        self._loading = asyncio.Lock()
        self._fresh = False
        self._volley: Volley | None = None
        self._shot: frozenset[str] = frozenset()
        self.planner: Planner | None = None
        self.outbox = Outbox(core, self._decided_us, self._existed)

    # --- life

    async def start(self) -> None:
        """Take up from where the last scheduler was, and go on from here. Raises StoreGone."""
        self._timer = WallTimer()
        asyncio.get_running_loop().add_reader(self._timer.fileno(), self._rang_out)
        await self.load()
        self._fresh = True

    def stop(self) -> None:
        """Start nothing more."""
        self.planner = None
        for handle in (self._beat, self._soon):
            if handle is not None:
                handle.cancel()
        if self._timer is not None:
            asyncio.get_running_loop().remove_reader(self._timer.fileno())
            self._timer.close()
            self._timer = None

    def serve(self) -> None:
        """The manifest may be another one."""
        if self._timer is not None and self._core.manifest is not self._served:
            self._core.jobs.start(self._reload(), "reading the schedule")

    def look_again(self) -> None:
        """Rings may have been lost: read everything again. What is said when the bell is
        first listened to means nothing: everything has been read just before."""
        if self._fresh:
            self._fresh = False
            return
        if self._timer is not None and self.planner is not None:
            self._core.jobs.start(self._reload(), "reading the schedule")

    async def _reload(self) -> None:
        while True:
            try:
                await self.load()
                return
            except StoreGone:
                await self._core.redis_back()

    # --- from Redis

    async def load(self) -> None:
        """A planner of the tasks of the serving app, with all that Redis knows of them."""
        async with self._loading:
            await self._load()

    async def _load(self) -> None:
        core = self._core
        self._rings = []
        self._served = core.manifest
        scheduled = [i for i in core.manifest.tasks.values() if i.schedule.start is not None]
        ended = [i for i in core.manifest.tasks.values() if i.schedule.end is not None]
        if not scheduled and not ended:
            self.planner, self._rings = None, []
            await watch(core, set())
            return
        planner = self._planner(scheduled, ended)
        await watch(core, planner.watched)
        if not core.scheduling:
            scheduled = []
            planner = self._planner((), ended)
        kept = kept_of(await core.redis.call(*core.calls.schedule_kept()))
        for info in scheduled:
            enabled = kept.off.get(info.name, info.schedule.enabled)
            planner.entries[info.name].enabled = enabled and info.incomplete is None
        planner.paused = not kept.off.get(ALL, True)
        planner.set_params(await session_values(core))
        await remember(core, planner, kept)
        self._begin(planner, kept)

    def _planner(self, scheduled: Iterable[TaskInfo], ended: Iterable[TaskInfo]) -> Planner:
        planner = Planner(self._started_us, host_zone(), dict(os.environ))
        planner.names.update(self._core.manifest.tasks)
        for info in scheduled:
            planner.add(info.name, info.schedule)
        for info in ended:
            planner.add_end(info.name, info.schedule.end or "", info.schedule.timezone)
        return planner

    def _begin(self, planner: Planner, kept: Kept) -> None:
        now_us = self._clock()
        # What has been decided and not written is decided again.
        self.outbox.forget()
        self._volley = None
        if planner.past.newest_us > now_us:
            planner.past.set_back(now_us)
        self.planner = planner
        alive_us = None if kept.alive_us is None else min(kept.alive_us, now_us)
        self.outbox.alive_us = alive_us if alive_us is not None else now_us
        found = planner.begin(now_us, alive_us)
        rings, self._rings = self._rings, None
        for ring in rings or ():
            self.rung(ring)
        log.info("%d tasks have conditions", len(planner.entries))
        self._fire(found)
        self._beat_again()

    # --- what happens

    def rung(self, text: str) -> None:
        """Redis rang: `task|state character|run id|ms`."""
        if self._rings is not None:
            self._rings.append(text)
            return
        planner = self.planner
        if planner is None:
            return
        task, char, run_id, ms = text.split("|")
        at_us = int(ms) * 1000
        if char == CHAR_STARTED:
            planner.started(task, run_id, at_us)
        elif run_id in planner.past.going(task):
            planner.ended(task, ACTIONS[char], run_id, at_us)
        else:
            self._core.jobs.start(self._ended_unseen(task, char, run_id, at_us), "reading a run")
            return
        self.soon()

    async def _ended_unseen(self, task: str, char: str, run_id: str, at_us: int) -> None:
        """A run that nobody saw begin (a delayed one): its record says when it did."""
        blob = await self._core.ask(self._core.calls.get(run_id))
        planner = self.planner
        if planner is None:
            return
        record = None if blob is None else decode(blob)
        if record is not None and record.attempts:
            planner.past.event(task, RUN, round(record.attempts[0].started_at * 1e6))
        if record is None or record.attempts:
            planner.ended(task, ACTIONS[char], run_id, at_us)
        self.soon()

    def check(self, tasks: Iterable[str]) -> None:
        """Whether these tasks have conditions. Raises UnknownTask, WrongState."""
        for task in tasks:
            info = self._core.manifest.find(task)
            if info.schedule.start is None:
                raise WrongState(f"task {task!r} has no start condition; it runs when submitted")
            if info.incomplete is not None:
                raise WrongState(f"task {task!r}: {info.incomplete}")

    async def switch(self, task: str, on: bool) -> None:
        """Enable or disable a task, or all (`ALL`). Raises StoreGone."""
        await self._core.ask(self._core.calls.switch(task, on))
        planner = self.planner
        if planner is None:
            return
        if task == ALL:
            planner.pause(not on)
        elif task in planner.entries:
            planner.enable(task, on)
        self.soon()

    async def look_at_params(self) -> None:
        """A parameter of the session has another value. Raises StoreGone."""
        params = await session_values(self._core)
        if self.planner is not None:
            self.planner.set_params(params)
            self.soon()

    # --- turns

    def soon(self) -> None:
        """Look once everything that has come at the same time has been told."""
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self.turn)

    def turn(self) -> None:
        """Decide what is due, fire it, and set the timer for the next."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        planner = self.planner
        if planner is None or self._core.draining:
            return
        now_us = self._clock()
        if planner.wants_host:
            planner.set_host(Host(*measure_host()))
        gap_us = now_us - planner.now_us
        if gap_us > GAP_US:
            why = f"nobody looked for {gap_us / 1e6:.0f} s (the clock was set, or the host slept)"
            log.warning("the schedule goes on from %s: %s", time.ctime(now_us / 1e6), why)
            self._fire(planner.skip(planner.now_us, now_us, why))
        elif gap_us < -BACK_US:
            log.warning("the clock was set back by %.0f s", -gap_us / 1e6)
            self._fire(planner.set_back(now_us))
        else:
            if self._shoot(planner, now_us):
                self.soon()  # what is sent goes first, the planner's books come after it
                return
            shot, self._shot = self._shot, frozenset()
            self._fire([one for one in planner.advance(now_us) if one.run_id not in shot])

    def view_of_run(self, task: str, sample: Sample, world: World) -> View | None:
        """What an end condition of a running run is asked about; None: the app has just changed
        and is not read yet, or does not have the task any more."""
        planner, info = self.planner, self._core.manifest.tasks.get(task)
        if planner is None or info is None:
            return None
        zone = info.schedule.timezone
        view = planner.view_of_run(task, zone, self._clock(), sample)
        view.world = dataclasses.replace(view.world, host=world.host)
        return view

    def _fire(self, found: Iterable[Occurrence]) -> None:
        self.outbox.put(found)
        self._arm()

    def _shoot(self, planner: Planner, now_us: int) -> bool:
        """Send what was packed for this moment, if there is something and it still holds. What
        is decided next says the same."""
        volley = self._volley
        if volley is None or now_us < volley.at_us:
            return False
        self._volley = None
        occurrences = volley.occurrences
        late = now_us - volley.at_us > LEAD_US
        if late or not is_sure(planner, volley.at_us, occurrences):
            return False
        self.outbox.shoot(volley)
        self._shot = frozenset(one.run_id for one in occurrences)
        return bool(occurrences)

    def _arm(self) -> None:
        """Set the timer; before many come due at once some time is taken to prepare for it."""
        planner = self.planner
        wake_us = None if planner is None else planner.next_wake()
        if planner is None or wake_us is None or self._timer is None:
            return
        ahead_us = wake_us - self._clock()
        packed = self._volley is not None and self._volley.at_us == wake_us
        if ahead_us > SHORT_US and not packed and is_crowd(planner, wake_us):
            if ahead_us > LEAD_US:
                self._timer.set(wake_us - LEAD_US)
                return
            self._volley = Volley(self._core, wake_us, predict(planner, wake_us))
        self._timer.set(wake_us)

    def _rang_out(self) -> None:
        assert self._timer is not None
        if self._timer.drain():
            log.info("the clock was set")
        self.turn()

    def _beat_again(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
        if not self._core.scheduling:
            return  # what comes due meanwhile is the next daemon's
        self._beat = asyncio.get_running_loop().call_later(BEAT_S, self._on_beat)

    def _on_beat(self) -> None:
        planner = self.planner
        if planner is None or self._core.draining:
            return
        self.turn()
        if not self.outbox and self._core.redis.connected.is_set():
            self._core.jobs.start(self._note_alive(planner.now_us), "noting the time")
        self._beat_again()

    async def _note_alive(self, at_us: int) -> None:
        try:
            await self._core.ask(self._core.calls.set_alive(at_us))
            self.outbox.alive_us = at_us
        except StoreGone:
            pass  # the older moment stands

    def _decided_us(self) -> int:
        return self._clock() if self.planner is None else self.planner.now_us

    def _existed(self, occurrence: Occurrence, _state: str) -> None:
        """Its run had been there before and is over."""
        if self.planner is not None:
            self.planner.existed(occurrence.task, occurrence.run_id, occurrence.start_us)
            self.soon()
