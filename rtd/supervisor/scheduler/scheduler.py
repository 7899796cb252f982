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
from rtd.model.run_record import decode_record
from rtd.planner.occurrence import Occurrence
from rtd.planner.planner import Planner
from rtd.store.commands.schedule import ALL_TASKS
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log
from rtd.supervisor.runs.kept_results import session_values
from rtd.supervisor.scheduler import gc_tuning, task_conditions
from rtd.supervisor.scheduler.clock_loop import ClockLoop
from rtd.supervisor.scheduler.dispatcher import Dispatcher
from rtd.supervisor.scheduler.load_planner import load_planner
from rtd.supervisor.scheduler.restore_history import ACTION_OF_CHAR, reconcile_runs

#: In a ring: a run has been queued that counts as started.
CHAR_STARTED: Final = "q"
#: In a ring: an executor has a run of a task that conditions ask about.
CHAR_BEGUN: Final = "b"


def wall_us() -> int:
    """The wall clock, UTC microseconds."""
    return time.time_ns() // 1000


class TaskScheduler:
    """The schedule of the serving app.

    Args:
        context: what the parts of the supervisor share.
        clock: gives UTC microseconds.
    """

    def __init__(self, context: SupervisorContext, clock: Callable[[], int] = wall_us) -> None:
        self._context = context
        self._clock = clock
        self._started_us = clock()
        self._clock_loop = ClockLoop(context, clock, self._advanced)
        self._waiting: list[str] | None = []
        self._served: Manifest | None = None
        self._loading = asyncio.Lock()
        self._fresh = False
        #: Called after each turn, and when the app has changed.
        self.on_advance: Callable[[], None] | None = None

    @property
    def planner(self) -> Planner | None:
        """None while no task has a condition."""
        return self._clock_loop.planner

    @property
    def dispatcher(self) -> Dispatcher:
        """What has been decided and is not in Redis yet."""
        return self._clock_loop.dispatcher

    # --- life

    async def start(self) -> None:
        """Take up from where the last scheduler was, and go on from here. Raises StoreGone."""
        self._clock_loop.open()
        await self.load()
        self._fresh = True

    def stop(self) -> None:
        """Start nothing more."""
        self._clock_loop.close()

    def on_app_change(self) -> None:
        """The manifest may be another one."""
        if self._clock_loop.is_open and self._context.manifest is not self._served:
            self._context.jobs.start(self._context.retry(self.load), "reading the schedule")

    def resync(self) -> None:
        """Rings may have been lost: read everything again. What is said when the bell is
        first listened to means nothing: everything has been read just before."""
        if self._fresh:
            self._fresh = False
            return
        if self._clock_loop.is_open and self.planner is not None:
            self._context.jobs.start(self._context.retry(self.load), "reading the schedule")

    async def load(self) -> None:
        """A planner of the tasks of the serving app, with all that Redis knows of them.

        Raises:
            StoreGone: Redis does not answer; the planner of before goes on.
        """
        async with self._loading:
            self._waiting = []
            self._clock_loop.dispatcher.track_sent()
            self._served = self._context.manifest
            found = await load_planner(self._context, self._started_us, self._clock())
            if found is None:
                self._clock_loop.planner, self._waiting = None, []
                self._advanced()
                return
            occurrences, taken = self._clock_loop.replace_planner(*found)
            rings, self._waiting = self._waiting, None
            for ring in rings or ():
                self.on_notification(ring)
            log.info("tasks with a condition: %d", len(found[0].tasks))
            self._clock_loop.dispatch(occurrences)
            self._clock_loop.start_heartbeat()
            self._advanced()
            if taken:
                self._context.jobs.start(self._reconcile(found[0], taken), "looking at late starts")
            asyncio.get_running_loop().call_soon(gc_tuning.tune_gc)  # once these are under way

    async def _reconcile(self, planner: Planner, taken: Sequence[Occurrence]) -> None:
        """Some of what was taken over may have ended before anybody listened."""
        with suppress(StoreGone):  # when Redis is back, everything is read again
            await reconcile_runs(self._context, planner, taken, self.dispatcher.is_in_flight)
        self.advance_soon()

    # --- what happens

    def on_notification(self, text: str) -> None:
        """Redis rang: `task|state character|run id|ms`."""
        if self._waiting is not None:
            self._waiting.append(text)
            return
        planner = self.planner
        if planner is None:
            return
        task, char, run_id, ms = text.split("|")
        at_us = int(ms) * 1000 if char != CHAR_BEGUN else self._clock()
        self._clock_loop.advance_to(at_us)
        if task_conditions.is_relevant(self._context, task, char):
            self._context.jobs.start(
                self._on_condition_run(task, run_id), "reading a condition's result"
            )
        if char == CHAR_STARTED:
            planner.events.record_start(task, run_id, at_us)
        elif char == CHAR_BEGUN:
            planner.events.record_begin(task, run_id, at_us)
        elif run_id in planner.history.active_runs(task):
            planner.events.record_end(task, ACTION_OF_CHAR[char], run_id, at_us)
        else:
            self._context.jobs.start(self._ended_unseen(task, char, run_id, at_us), "reading a run")
            return
        self.advance_soon()

    async def _on_condition_run(self, task: str, run_id: str) -> None:
        """A run of a condition's task has ended."""
        with suppress(StoreGone):  # when Redis is back, everything is read again
            if self.planner is not None:
                await task_conditions.record_result(self._context, self.planner, task, run_id)
                self.advance_soon()

    async def _ended_unseen(self, task: str, char: str, run_id: str, at_us: int) -> None:
        """A run that nobody saw begin (a delayed one): its record says when it did."""
        blob = await self._context.execute(self._context.commands.get_record(run_id))
        planner = self.planner
        if planner is None:
            return
        record = None if blob is None else decode_record(blob)
        if record is not None and record.attempts:
            planner.history.record_event(task, RUN, round(record.attempts[0].started_at * 1e6))
        if record is None or record.attempts:
            planner.events.record_end(task, ACTION_OF_CHAR[char], run_id, at_us)
        self.advance_soon()

    def check_tasks(self, tasks: Iterable[str]) -> None:
        """Whether these tasks have conditions. Raises UnknownTask, WrongState."""
        for task in tasks:
            info = self._context.manifest.find(task)
            if info.schedule.start is None and not info.occasions:
                raise WrongState(f"task {task!r} has no start condition; it runs when submitted")
            if info.incomplete_reason is not None:
                raise WrongState(f"task {task!r}: {info.incomplete_reason}")

    @contextmanager
    def about_to_start(self, task: str, run_id: str) -> Iterator[None]:
        """Around the start of a run by hand: neither the schedule nor another hand starts one
        meanwhile, where runs may not overlap.

        Raises:
            UnknownTask, WrongState: a run of it is going.
        """
        info, planner = self._context.manifest.find(task), self.planner
        if planner is None or task not in planner.tasks:
            yield
            return
        going = planner.history.active_runs(task)
        if going and not info.schedule.overlap:
            raise WrongState(
                f"task {task!r} has a run already ({next(iter(going))});"
                f" `rtctl submit {task}` queues another one all the same"
            )
        now_us = self._clock()
        planner.events.occupy(task, run_id, now_us)
        try:
            yield
        except BaseException:
            planner.events.vacate(task, run_id)
            self.advance_soon()
            raise
        if run_id in planner.history.active_runs(
            task
        ):  # its ring, and its end, may have come before
            planner.events.record_start(task, run_id, now_us)
            self.advance_soon()

    async def switch(self, task: str, on: bool) -> None:
        """Enable or disable a task, or all (`ALL`). Raises StoreGone."""
        context = self._context
        await context.execute(context.commands.switch(context.config.node, task, on))
        self._switched(task, on)

    def on_switch(self, rest: str) -> None:
        """Somebody has, on another node: `1|task` or `0|task`."""
        on, _, task = rest.partition("|")
        self._switched(task, on == "1")

    def _switched(self, task: str, on: bool) -> None:
        planner = self.planner
        if planner is None:
            return
        if task == ALL_TASKS:
            planner.pause(not on)
        elif task in planner.tasks:
            planner.enable(task, on)
        else:
            return
        self.advance()
        self._clock_loop.save_alive()  # nobody shall judge by it what was due before

    def on_params(self, _rest: str) -> None:
        """A parameter has another value."""
        self._context.jobs.start(self._read_params(), "reading the parameters")

    async def _read_params(self) -> None:
        with suppress(StoreGone):  # when Redis is back, everything is read again
            params = await session_values(self._context)
            if self.planner is not None:
                self.planner.events.set_params(params)
                self.advance_soon()

    def halt(self) -> None:
        """Start nothing by its condition until all is switched on again."""
        if self.planner is not None:
            self.planner.pause(True)

    # --- turns

    def advance_soon(self) -> None:
        """Look once everything that has come at the same time has been told."""
        self._clock_loop.advance_soon()

    def advance(self) -> None:
        """Decide what is due, fire it, and set the timer for the next."""
        self._clock_loop.advance()

    def _advanced(self) -> None:
        """Everything has been decided up to now."""
        if self.on_advance is not None:
            self.on_advance()

    def view_of_run(self, task: str, zone: str | None, sample: Sample, world: World) -> View | None:
        """What an end condition of a running run is asked about; None: what has been is not read
        yet. The app need not have the task any more."""
        planner = self.planner
        if planner is None:
            return None
        view = planner.views.view_of_run(task, zone, self._clock(), sample)
        view.world = dataclasses.replace(view.world, host=world.host)
        return view
