"""Applies notifications of Redis, and the switches of tasks, to the planner."""

from contextlib import suppress
from typing import Final

from rtd.common.errors import StoreGone
from rtd.language.core.run_history import RUN
from rtd.planner.planner import Planner
from rtd.store.commands.app_reports import ScheduleHalt
from rtd.store.commands.schedule import ALL_TASKS
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.jobs import SingleFlight
from rtd.supervisor.core.log import log
from rtd.supervisor.runs.kept_results import session_values
from rtd.supervisor.scheduler import task_conditions
from rtd.supervisor.scheduler.restore_history import ACTION_OF_CHAR
from rtd.supervisor.scheduler.scheduler import TaskScheduler

#: In a notification: a run was queued and counts as started.
CHAR_STARTED: Final = "q"
#: In a notification: an executor has a run of a task in `DependencyIndex.begin_tasks`.
CHAR_BEGUN: Final = "b"


class ScheduleEvents:
    """Hands events of runs, switches and parameters to the planner of a scheduler.

    A halt is stored in Redis with its fault, so it outlasts a restart of the
    supervisor; a daemon that a user starts begins without it.

    Args:
        context: what the parts of the supervisor share.
        scheduler: holds the planner.
    """

    def __init__(self, context: SupervisorContext, scheduler: TaskScheduler) -> None:
        self._context = context
        self._scheduler = scheduler
        self._is_first_connection = True
        self._loads = SingleFlight(
            context.jobs, "reading the schedule", lambda: context.retry(scheduler.load)
        )

    # --- the app, the connection

    def on_app_change(self) -> None:
        """Load the schedule if another app serves now."""
        if self._scheduler.is_open and not self._scheduler.is_current:
            self._load_soon()

    def resync(self) -> None:
        """Load everything again: notifications may have been lost. The first connection of the
        listener lost none: everything has been loaded just before."""
        if self._is_first_connection:
            self._is_first_connection = False
        elif self._scheduler.is_open and (
            self._scheduler.planner is not None or not self._scheduler.is_current
        ):
            self._load_soon()

    def _load_soon(self) -> None:
        self._loads.request()

    # --- runs

    def on_run(self, text: str) -> None:
        """Apply a notification of a run: `task|state character|run id|ms`."""
        self._scheduler.apply(lambda planner: self._apply_run(planner, text))

    def on_fired(self, text: str) -> None:
        """Apply a notification of runs that another node has started: `task|us|run id` of each."""
        self._scheduler.apply(lambda planner: self._apply_fired(planner, text))

    def _apply_fired(self, planner: Planner, text: str) -> None:
        words = iter(text.split("|"))
        for task, start_us, run_id in zip(words, words, words, strict=True):
            self._scheduler.advance_to(int(start_us))
            planner.events.record_start(task, run_id, int(start_us))
        self._scheduler.advance_soon()

    def _apply_run(self, planner: Planner, text: str) -> None:
        context, scheduler = self._context, self._scheduler
        task, char, run_id, ms = text.split("|")
        at_us = int(ms) * 1000 if char != CHAR_BEGUN else scheduler.now_us()
        scheduler.advance_to(at_us)
        if task_conditions.is_relevant(context, task, char):
            work = self._read_condition_result(task, run_id)
            context.jobs.start(work, "reading a condition's result")
        if char == CHAR_STARTED:
            planner.events.record_start(task, run_id, at_us)
        elif char == CHAR_BEGUN:
            planner.events.record_begin(task, run_id, at_us)
        elif run_id in planner.history.active_runs(task):
            planner.events.record_end(task, ACTION_OF_CHAR[char], run_id, at_us)
        else:
            work = self._record_unknown_end(task, char, run_id, at_us)
            context.jobs.start(work, "reading a run")
            return
        scheduler.advance_soon()

    async def _read_condition_result(self, task: str, run_id: str) -> None:
        """Set the value of a custom condition from the result of a task's run."""
        with suppress(StoreGone):  # when Redis is back, everything is read again
            if self._scheduler.planner is not None:
                await task_conditions.record_result(
                    self._context, self._scheduler.planner, task, run_id
                )
                self._scheduler.advance_soon()

    async def _record_unknown_end(self, task: str, char: str, run_id: str, at_us: int) -> None:
        """Record the end of a run whose start had no notification (a delayed one): its record
        holds when it began."""
        blob = await self._context.execute(self._context.commands.get_record(run_id))
        planner = self._scheduler.planner
        if planner is None:
            return
        record = readable_record(run_id, blob)
        if record is not None and record.attempts:
            planner.history.record_event(task, RUN, round(record.attempts[0].started_at * 1e6))
        if record is None or record.attempts:
            planner.events.record_end(task, ACTION_OF_CHAR[char], run_id, at_us)
        self._scheduler.advance_soon()

    # --- switches, halts, parameters

    async def switch(self, task: str, on: bool) -> None:
        """Enable or disable a task, or all (`ALL_TASKS`). Raises StoreGone."""
        context = self._context
        await context.execute(context.commands.switch(context.config.node, task, on))
        self._apply_switch(task, on)

    def on_switch(self, text: str) -> None:
        """Apply a switch that a client of another node has set: `1|task` or `0|task`."""
        on, _, task = text.partition("|")
        self._apply_switch(task, on == "1")

    def _apply_switch(self, task: str, on: bool) -> None:
        planner = self._scheduler.planner
        if planner is None:
            return
        if task == ALL_TASKS:
            planner.pause(not on)
        elif task in planner.tasks:
            planner.enable(task, on)
        else:
            return
        self._scheduler.advance()
        # What was due before is no misfire by the new switch.
        self._scheduler.dispatcher.save_alive()

    async def clear_old_halt(self, adopted: bool) -> None:
        """Let the schedule go on that was halted before this daemon was started.

        To be called before the schedule is read for the first time. Raises StoreGone.

        Args:
            adopted: the app was served before this supervisor started: the halt stays.
        """
        context = self._context
        if not adopted and context.gate.is_on:
            await context.execute(context.commands.clear_halt())

    def on_halt(self, _field: str) -> None:
        """Start nothing more by conditions: a fault has halted the schedule."""
        self._context.jobs.start(self._halt(), "halting the schedule")

    async def _halt(self) -> None:
        context = self._context
        halt: ScheduleHalt | None = await context.retry(
            lambda: context.execute(context.commands.get_halt())
        )
        if halt is None:
            return  # the schedule has been enabled again already
        planner = self._scheduler.planner
        if planner is not None:
            planner.pause(True)
        log.error(
            "the schedule is halted (`rtctl enable --all` resumes it): %s %s: %s",
            halt.kind, halt.what, halt.message,
        )  # fmt: skip

    def on_params(self, _text: str) -> None:
        """Read the parameters of the session: one has another value."""
        self._context.jobs.start(self._read_params(), "reading the parameters")

    async def _read_params(self) -> None:
        with suppress(StoreGone):  # when Redis is back, everything is read again
            params = await session_values(self._context)
            if self._scheduler.planner is not None:
                self._scheduler.planner.events.set_params(params)
                self._scheduler.advance_soon()
