"""The planner on the real clock: wakes it, tells it what happens, and fires what it decides.

What is known of runs is kept in Redis by the same steps that start and end them, so a
supervisor that dies at any moment forgets nothing: the next one takes up from the moment up to
which everything had been decided.
"""

import asyncio
import dataclasses
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from rtd.conditions import Host, Sample, View, World, parse
from rtd.conditions.ledger import FAIL, INACTION, RUN, SUCCESS, TERMINATE
from rtd.conditions.zones import zone_of
from rtd.model.errors import StoreGone, WrongState
from rtd.model.manifest import Manifest
from rtd.model.run import Record, decode
from rtd.model.states import CHAR, TERMINAL
from rtd.model.timezone import local_timezone
from rtd.process.host import measure_host
from rtd.process.wallclock import WallTimer
from rtd.store.scheduling import ALL, Due, Flying, Kept, kept_of
from rtd.supervisor.core import Core
from rtd.supervisor.firing import Outbox
from rtd.supervisor.log import log
from rtd.supervisor.schedule import Occurrence, Planner
from rtd.supervisor.waiters import chunks

#: How often it is written down that everything has been decided: what is due while nobody
#: looks is found from there.
BEAT_S: Final = 1.0
#: Nobody looked for so long: the clock was set forward, the machine slept, or we stood still.
GAP_US: Final = 5_000_000
#: A clock that went back by less is waited for.
BACK_US: Final = 1_000_000
#: Runs of a task that are read again where a condition asks for more than the latest ones.
REREAD: Final = 1000

ACTIONS: Final = {
    "s": SUCCESS, "e": FAIL, "x": FAIL, "l": FAIL, "t": TERMINATE, "c": INACTION, "r": RUN,
}  # fmt: skip
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
            await self._watch(set())
            return
        planner = Planner(self._started_us, host_zone(), dict(os.environ))
        planner.names.update(core.manifest.tasks)
        for info in scheduled:
            planner.add(info.name, info.schedule)
        for info in ended:
            planner.add_end(info.name, parse(info.schedule.end or ""), info.schedule.timezone)
        await self._watch(planner.watched)
        kept = kept_of(await core.redis.call(*core.calls.schedule_kept()))
        for info in scheduled:
            planner.entries[info.name].enabled = kept.off.get(info.name, info.schedule.enabled)
        planner.paused = not kept.off.get(ALL, True)
        await self._remember(planner, kept)
        await self._owe(planner, kept.owed)
        self._begin(planner, kept)

    async def _watch(self, tasks: set[str]) -> None:
        """Let the runs of exactly these tasks ring."""
        core = self._core
        for chunk in chunks(list(tasks)):
            await core.ask(core.calls.watch_tasks(chunk))
        others = set(await core.ask(core.calls.watched())) - tasks
        for chunk in chunks(list(others)):
            await core.ask(core.calls.unwatch_tasks(chunk))

    async def _remember(self, planner: Planner, kept: Kept) -> None:
        past, watched = planner.past, planner.watched
        for char, times in kept.last.items():
            for task, at_us in times.items():
                if task not in watched:
                    continue
                if char == "u":
                    past.use_up(task, at_us)
                else:
                    past.event(task, ACTIONS[char], at_us)
        for flying in await self._still_flying(kept.flying):
            if flying.task in watched:
                past.start(flying.task, flying.id, flying.start_us)
        for task in past.kept_tasks:
            for done in await self._core.ask(self._core.calls.list_done(REREAD, task=task)):
                for action, at_us in events_of(decode(done.record)):
                    past.event(task, action, at_us)

    async def _owe(self, planner: Planner, owed: Sequence[Due]) -> None:
        """What is yet to be made up for, unless its task is not there any more."""
        for due in sorted(owed):
            if due.task in planner.entries:
                planner.owe(due.task, due.due_us, due.note)
        gone = [due for due in owed if due.task not in planner.entries]
        for start in range(0, len(gone), 1000):
            await self._core.ask(self._core.calls.drop_owed(gone[start : start + 1000]))

    async def _still_flying(self, flying: Sequence[Flying]) -> list[Flying]:
        """Those that have not ended; the others (their task was not watched when they did)
        are forgotten."""
        core = self._core
        going: list[Flying] = []
        for start in range(0, len(flying), 1000):
            chunk = flying[start : start + 1000]
            blobs = await core.ask(core.calls.get_many([one.id for one in chunk]))
            alive = [
                one
                for one, blob in zip(chunk, blobs, strict=True)
                if blob is not None and decode(blob).state not in TERMINAL
            ]
            going += alive
            gone = {one.id for one in chunk} - {one.id for one in alive}
            if gone:
                await core.ask(core.calls.drop_flying(gone))
        return going

    def _begin(self, planner: Planner, kept: Kept) -> None:
        now_us = self._clock()
        # What has been decided and not written is decided again.
        self.outbox.forget()
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
            if self._core.manifest.find(task).schedule.start is None:
                raise WrongState(f"task {task!r} has no start condition; it runs when submitted")

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
            self._fire(planner.advance(now_us))

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

    def _arm(self) -> None:
        wake_us = None if self.planner is None else self.planner.next_wake()
        if wake_us is not None and self._timer is not None:
            self._timer.set(wake_us)

    def _rang_out(self) -> None:
        assert self._timer is not None
        if self._timer.drain():
            log.info("the clock was set")
        self.turn()

    def _beat_again(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
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


def events_of(record: Record) -> Iterator[tuple[str, int]]:
    """The events that an ended run has left behind."""
    if record.attempts:
        yield RUN, round(record.attempts[0].started_at * 1e6)
    if record.end is not None:
        yield ACTIONS[CHAR[record.state]], round(record.end.ended_at * 1e6)
