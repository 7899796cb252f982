"""Starts the tasks of the app by their conditions: reads what has been, hears what happens.

What is known of runs is kept in Redis by the same steps that start and end them, so a
supervisor that dies at any moment forgets nothing: the next one takes up from the moment up to
which everything had been decided.
"""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from rtd.common.errors import StoreGone, WrongState
from rtd.language.core.run_history import RUN
from rtd.language.core.view import Sample, View, World
from rtd.model.manifest import Manifest
from rtd.model.run_record import decode
from rtd.planner.occurrence import Occurrence
from rtd.planner.planner import Planner
from rtd.store.commands.schedule import ALL
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.log import log
from rtd.supervisor.runs.kept_results import session_values
from rtd.supervisor.scheduler import gc_tuning, task_conditions
from rtd.supervisor.scheduler.clock_loop import Turns
from rtd.supervisor.scheduler.dispatcher import Outbox
from rtd.supervisor.scheduler.load_planner import load
from rtd.supervisor.scheduler.restore_history import ACTIONS, settle

#: In a ring: a run has been queued that counts as started.
CHAR_STARTED: Final = "q"
#: In a ring: an executor has a run of a task that conditions ask about.
CHAR_BEGUN: Final = "b"


def wall_us() -> int:
    """The wall clock, UTC microseconds."""
    return time.time_ns() // 1000


class Scheduler:
    """The schedule of the serving app.

    Args:
        core: the shared ground.
        clock: gives UTC microseconds.
    """

    def __init__(self, core: Core, clock: Callable[[], int] = wall_us) -> None:
        self._core = core
        self._clock = clock
        self._started_us = clock()
        self._turns = Turns(core, clock, self._turned)
        self._rings: list[str] | None = []
        self._served: Manifest | None = None
        self._loading = asyncio.Lock()
        self._fresh = False
        #: Called after each turn, and when the app has changed.
        self.on_turn: Callable[[], None] | None = None

    @property
    def planner(self) -> Planner | None:
        """None while no task has a condition."""
        return self._turns.planner

    @property
    def outbox(self) -> Outbox:
        """What has been decided and is not in Redis yet."""
        return self._turns.outbox

    # --- life

    async def start(self) -> None:
        """Take up from where the last scheduler was, and go on from here. Raises StoreGone."""
        self._turns.open()
        await self.load()
        self._fresh = True

    def stop(self) -> None:
        """Start nothing more."""
        self._turns.close()

    def serve(self) -> None:
        """The manifest may be another one."""
        if self._turns.is_open and self._core.manifest is not self._served:
            self._core.jobs.start(self._reload(), "reading the schedule")

    def look_again(self) -> None:
        """Rings may have been lost: read everything again. What is said when the bell is
        first listened to means nothing: everything has been read just before."""
        if self._fresh:
            self._fresh = False
            return
        if self._turns.is_open and self.planner is not None:
            self._core.jobs.start(self._reload(), "reading the schedule")

    async def _reload(self) -> None:
        while True:
            try:
                await self.load()
                return
            except StoreGone:
                await self._core.redis_back()

    async def load(self) -> None:
        """A planner of the tasks of the serving app, with all that Redis knows of them.

        Raises:
            StoreGone: Redis does not answer; the planner of before goes on.
        """
        async with self._loading:
            self._rings = []
            self._turns.outbox.note_sent()
            self._served = self._core.manifest
            found = await load(self._core, self._started_us, self._clock())
            if found is None:
                self._turns.planner, self._rings = None, []
                self._turned()
                return
            occurrences, taken = self._turns.begin(*found)
            rings, self._rings = self._rings, None
            for ring in rings or ():
                self.rung(ring)
            log.info("tasks with a condition: %d", len(found[0].entries))
            self._turns.fire(occurrences)
            self._turns.beat()
            self._turned()
            if taken:
                self._core.jobs.start(self._settle(found[0], taken), "looking at late starts")
            asyncio.get_running_loop().call_soon(gc_tuning.settle)  # once these are under way

    async def _settle(self, planner: Planner, taken: Sequence[Occurrence]) -> None:
        """Some of what was taken over may have ended before anybody listened."""
        with suppress(StoreGone):  # when Redis is back, everything is read again
            await settle(self._core, planner, taken, self.outbox.is_on_its_way)
        self.soon()

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
        at_us = int(ms) * 1000 if char != CHAR_BEGUN else self._clock()
        self._turns.decide_to(at_us)
        if task_conditions.hears(self._core, task, char):
            self._core.jobs.start(self._answered(task, run_id), "reading a condition's result")
        if char == CHAR_STARTED:
            planner.started(task, run_id, at_us)
        elif char == CHAR_BEGUN:
            planner.begun(task, run_id, at_us)
        elif run_id in planner.past.going(task):
            planner.ended(task, ACTIONS[char], run_id, at_us)
        else:
            self._core.jobs.start(self._ended_unseen(task, char, run_id, at_us), "reading a run")
            return
        self.soon()

    async def _answered(self, task: str, run_id: str) -> None:
        """A run of a condition's task has ended."""
        with suppress(StoreGone):  # when Redis is back, everything is read again
            if self.planner is not None:
                await task_conditions.ended(self._core, self.planner, task, run_id)
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
            if info.schedule.start is None and not info.occasions:
                raise WrongState(f"task {task!r} has no start condition; it runs when submitted")
            if info.incomplete is not None:
                raise WrongState(f"task {task!r}: {info.incomplete}")

    @contextmanager
    def about_to_start(self, task: str, run_id: str) -> Iterator[None]:
        """Around the start of a run by hand: neither the schedule nor another hand starts one
        meanwhile, where runs may not overlap.

        Raises:
            UnknownTask, WrongState: a run of it is going.
        """
        info, planner = self._core.manifest.find(task), self.planner
        if planner is None or task not in planner.entries:
            yield
            return
        going = planner.past.going(task)
        if going and not info.schedule.overlap:
            raise WrongState(
                f"task {task!r} has a run already ({next(iter(going))});"
                f" `rtctl submit {task}` queues another one all the same"
            )
        now_us = self._clock()
        planner.occupy(task, run_id, now_us)
        try:
            yield
        except BaseException:
            planner.vacate(task, run_id)
            self.soon()
            raise
        if run_id in planner.past.going(task):  # its ring, and its end, may have come before
            planner.started(task, run_id, now_us)
            self.soon()

    async def switch(self, task: str, on: bool) -> None:
        """Enable or disable a task, or all (`ALL`). Raises StoreGone."""
        core = self._core
        await core.ask(core.calls.switch(core.config.node, task, on))
        self._switched(task, on)

    def rung_switch(self, rest: str) -> None:
        """Somebody has, on another node: `1|task` or `0|task`."""
        on, _, task = rest.partition("|")
        self._switched(task, on == "1")

    def _switched(self, task: str, on: bool) -> None:
        planner = self.planner
        if planner is None:
            return
        if task == ALL:
            planner.pause(not on)
        elif task in planner.entries:
            planner.enable(task, on)
        else:
            return
        self.turn()
        self._turns.note_alive()  # nobody shall judge by it what was due before

    def rung_params(self, _rest: str) -> None:
        """A parameter has another value."""
        self._core.jobs.start(self._look_at_params(), "reading the parameters")

    async def _look_at_params(self) -> None:
        with suppress(StoreGone):  # when Redis is back, everything is read again
            params = await session_values(self._core)
            if self.planner is not None:
                self.planner.set_params(params)
                self.soon()

    def halt(self) -> None:
        """Start nothing by its condition until all is switched on again."""
        if self.planner is not None:
            self.planner.pause(True)

    # --- turns

    def soon(self) -> None:
        """Look once everything that has come at the same time has been told."""
        self._turns.soon()

    def turn(self) -> None:
        """Decide what is due, fire it, and set the timer for the next."""
        self._turns.turn()

    def _turned(self) -> None:
        """Everything has been decided up to now."""
        if self.on_turn is not None:
            self.on_turn()

    def view_of_run(self, task: str, zone: str | None, sample: Sample, world: World) -> View | None:
        """What an end condition of a running run is asked about; None: what has been is not read
        yet. The app need not have the task any more."""
        planner = self.planner
        if planner is None:
            return None
        view = planner.view_of_run(task, zone, self._clock(), sample)
        view.world = dataclasses.replace(view.world, host=world.host)
        return view
