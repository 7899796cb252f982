"""The local tasks of the app: one run of each goes on here for as long as the app serves.

Redis holds which run stands for which of them, so that the next supervisor goes on with it and
starts no second one.
"""

import asyncio
import time
from contextlib import suppress
from functools import partial
from typing import Final

import msgpack

from rtd.common.errors import RtdError, ShuttingDown
from rtd.common.format_units import format_duration
from rtd.common.ids import new_id
from rtd.model.app_info import LocalTaskInfo
from rtd.model.run_record import RunRecord
from rtd.model.run_states import TERMINAL
from rtd.protocol import frames
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log
from rtd.supervisor.core.retry import Backoff
from rtd.supervisor.core.run_waiters import RunWaiters
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.ending.stops import Stops
from rtd.supervisor.lifecycle.local_task import RunningLocalTask, declared_local_tasks
from rtd.supervisor.runs.submit import SubmitRequest, submit

#: The first and the longest wait before a run that ended soon is followed by the next. One that
#: went on for longer than the longest wait is followed at once.
PAUSE_S: Final = (1.0, 60.0)
#: A run that goes on for so long, and for twice the wait before it, ends the fault of its task.
WELL_S: Final = 10.0
#: The submitter of these runs, as their records name it.
BY: Final = "local"


class LocalTasks:
    """Lets one run of each local task go on.

    Args:
        context: what the parts of the supervisor share.
        waiters: tell when runs are over.
        stops: end the runs that are not wanted any more.
    """

    def __init__(self, context: SupervisorContext, waiters: RunWaiters, stops: Stops) -> None:
        self._context = context
        self._waiters = waiters
        self._stops = stops
        #: What an earlier supervisor has left is part of it; None: not read yet.
        self._tasks: list[RunningLocalTask] | None = None
        #: Runs that are being ended, with their tasks.
        self._leaving: dict[str, str] = {}
        self._lock = asyncio.Lock()

    def on_app_change(self) -> None:
        """Let the local tasks of the app that serves now go on, and no others."""
        name = "starting local tasks"
        self._context.jobs.start(self._context.retry_always(name, self._apply), name)

    def run_ids(self) -> set[str]:
        """Return the runs of local tasks that go on: the end of the daemon stops them at once."""
        return {one.run_id for one in self._tasks or ()} | self._leaving.keys()

    def of_task(self, task: str) -> list[RunningLocalTask]:
        """Return where the local tasks of this name stand."""
        return [one for one in self._tasks or () if one.info.task == task]

    def drain(self) -> None:
        """Request all runs to end: the daemon ends, and they would not."""
        for one in self._tasks or ():
            if one.run_id:
                self._context.jobs.start(self._end(one.run_id, "drain"), "ending a local task")

    async def _apply(self) -> None:
        context = self._context
        async with self._lock:
            wanted = declared_local_tasks(context.manifest) if context.gate.may_open else []
            if self._tasks is None:
                self._tasks = await self._read_stored()
            if not wanted and not self._tasks:
                return
            before, self._tasks = self._tasks, []
            for one in wanted:
                same = next((old for old in before if old.is_same(one)), None)
                if same is not None:
                    before.remove(same)
                self._tasks.append(same or one)
            for old in before:
                self._replace(old)
            for index, one in enumerate(self._tasks):
                if one.job is None:
                    one.predecessors = [r for r, t in self._leaving.items() if t == one.info.task]
                    one.job = context.jobs.start_lasting(
                        partial(self._keep_going, one), f"local task {one.info.task} ({index})"
                    )
            await self._save()

    def _replace(self, old: RunningLocalTask) -> None:
        """End a run that is not wanted any more."""
        if old.job is not None:
            old.job.cancel()
        if old.run_id:
            self._leaving[old.run_id] = old.info.task
            self._context.jobs.start(self._end(old.run_id, "reload"), "ending a local task")

    async def _end(self, run_id: str, by: str) -> None:
        """End a run, for this reason: `drain` or `reload`."""
        context = self._context
        why = {
            "drain": "the daemon was shut down",
            "reload": "the app was reloaded, and this local task has changed or is gone",
        }[by]
        with suppress(RtdError):  # StoreGone: the wait below goes on; others: it has ended
            await self._stops.wait(self._stops.stop_run(run_id, Intent(by, why, time.time())))
        await context.retry(lambda: self._wait_end(run_id))
        if self._leaving.pop(run_id, None) is not None:
            await context.retry(self._save)

    # --- run after run

    async def _keep_going(self, one: RunningLocalTask) -> None:
        """Start one run after the other."""
        context, pause, waited_s = self._context, Backoff(*PAUSE_S), 0.0
        for run_id in one.predecessors:
            await context.retry(partial(self._wait_end, run_id))
        if one.run_id and await self._has_ended(one.run_id):
            one.run_id = ""  # it ended while no supervisor ran
        while not self._is_over():
            try:
                await context.retry(lambda: self._submit(one))
            except ShuttingDown:
                return
            except RtdError as error:
                text, lasted_s = f"it cannot be started: {error.sentence}", 0.0
            else:
                await self._wait_run(one, max(WELL_S, 2 * waited_s))
                text, lasted_s = await self._describe_end(one.run_id)
            one.run_id = ""
            if self._is_over():
                return
            if lasted_s > PAUSE_S[1]:
                pause, waited_s = Backoff(*PAUSE_S), 0.0
                continue
            self._record_fault(one, text)
            waited_s = pause.next_s()
            one.next_at = time.time() + waited_s
            await asyncio.sleep(waited_s)
            one.next_at = None

    async def _wait_run(self, one: RunningLocalTask, well_s: float) -> None:
        """Wait for the end of the run. If it goes on for long, the fault of the task is over."""
        context = self._context
        while one.is_failing:
            try:
                async with asyncio.timeout(well_s):
                    await context.retry(lambda: self._wait_end(one.run_id))
                    return
            except TimeoutError:
                if any(seen.run_id == one.run_id for seen in context.busy_slots()):
                    one.is_failing = False
                    if not any(other.is_failing for other in self.of_task(one.info.task)):
                        context.faults.forget("task", one.info.task)
        await context.retry(lambda: self._wait_end(one.run_id))

    def _record_fault(self, one: RunningLocalTask, text: str) -> None:
        """Record that the run of a local task ended soon, the first time in a row."""
        if not one.is_failing:
            one.is_failing = True
            again = f"it is started again, after {format_duration(PAUSE_S[0])}"
            more = f"growing to {format_duration(PAUSE_S[1])} while it ends so soon"
            message = f"local task: {text}; {again}, {more}"
            self._context.faults.record("task", one.info.task, message)

    def _is_over(self) -> bool:
        return self._context.gate.is_draining

    async def _submit(self, one: RunningLocalTask) -> None:
        """Queue the run; to repeat that has no effect."""
        if not one.run_id:
            one.run_id = new_id()
            await self._save()
        request = SubmitRequest(
            task=one.info.task, many=[frames.load(one.info.params)], ids=[one.run_id], key=None,
            options={"on_lost": "fail"}, by=BY,
        )  # fmt: skip
        await submit(self._context, request, for_node=True)

    async def _wait_end(self, run_id: str) -> None:
        async with self._waiters.watch([run_id]) as watch:
            while watch.pending:
                await watch.wait_change(None)

    async def _describe_end(self, run_id: str) -> tuple[str, float]:
        """Return how a run has ended, as part of a sentence, and how long it went on."""
        record = await self._context.retry(partial(self._record, run_id))
        if record is None or record.end is None:
            return f"the record of run {run_id} is gone", 0.0
        began = record.attempts[0].started_at if record.attempts else record.end.ended_at
        lasted_s = max(0.0, record.end.ended_at - began)
        why = f" ({record.end.why})" if record.end.why else ""
        lasted = format_duration(lasted_s)
        return f"run {run_id} has ended after {lasted}: {record.state}{why}", lasted_s

    async def _has_ended(self, run_id: str) -> bool:
        """Return whether a run has ended; one that is not there has not begun."""
        record = await self._context.retry(partial(self._record, run_id))
        return record is not None and record.state in TERMINAL

    async def _record(self, run_id: str) -> RunRecord | None:
        blob = await self._context.execute(self._context.commands.get_record(run_id))
        return readable_record(run_id, blob)

    # --- what the next supervisor must know

    async def _save(self) -> None:
        """Write which runs there are. Raises StoreGone."""
        rows = [[one.info.task, one.info.params, one.mark, one.run_id] for one in self._tasks or ()]
        rows += [[task, b"", b"", run_id] for run_id, task in self._leaving.items()]
        blob = msgpack.packb([row for row in rows if row[3]])
        context = self._context
        await context.execute(context.commands.set_local_runs(context.config.node, blob))

    async def _read_stored(self) -> list[RunningLocalTask]:
        """Return the runs that an earlier supervisor has written down. Raises StoreGone."""
        context = self._context
        blob = await context.execute(context.commands.get_local_runs(context.config.node))
        try:
            rows = msgpack.unpackb(blob) if blob else []
            return [
                RunningLocalTask(LocalTaskInfo(task, params), m, r) for task, params, m, r in rows
            ]
        except (ValueError, TypeError):
            log.warning("which runs local tasks have cannot be read: all are started again")
            return []
