"""The local tasks of the app: one run of each goes on here for as long as the app serves.

Redis holds which run stands for which of them, so that the next supervisor goes on with it and
starts no second one.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import msgpack

from rtd.common.errors import RtdError, ShuttingDown
from rtd.common.format_units import format_duration
from rtd.common.ids import new_id
from rtd.model.app_info import LocalTaskInfo
from rtd.model.manifest import Manifest
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
from rtd.supervisor.runs.submit import SubmitRequest, submit

#: The first and the longest wait before a run that ended soon is followed by the next. One that
#: went on for longer than the longest wait is followed at once.
PAUSE_S: Final = (1.0, 60.0)
#: The submitter of these runs, as their records name it.
BY: Final = "local"


@dataclass(slots=True, eq=False)
class _LocalTask:
    """One declared local task, or one that is not wanted any more.

    Attributes:
        mark: tells whether the task itself has changed.
        run_id: the run that goes on; empty: none has been made yet.
        job: starts run after run; None: not begun.
        predecessors: runs whose end the first run waits for.
    """

    info: LocalTaskInfo
    mark: bytes
    run_id: str = ""
    job: "asyncio.Task[Any] | None" = None
    predecessors: list[str] = field(default_factory=list)

    def is_same(self, other: "_LocalTask") -> bool:
        return self.info == other.info and self.mark == other.mark


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
        self._tasks: list[_LocalTask] | None = None
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

    def drain(self) -> None:
        """Request all runs to end: the daemon ends, and they would not."""
        for one in self._tasks or ():
            if one.run_id:
                self._context.jobs.start(self._end(one.run_id, "drain"), "ending a local task")

    async def _apply(self) -> None:
        context = self._context
        async with self._lock:
            wanted = _declared(context.manifest) if context.gate.may_open else []
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

    def _replace(self, old: _LocalTask) -> None:
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

    async def _keep_going(self, one: _LocalTask) -> None:
        """Start one run after the other."""
        context, pause, is_told = self._context, Backoff(*PAUSE_S), False
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
                await context.retry(lambda: self._wait_end(one.run_id))
                text, lasted_s = await self._describe_end(one.run_id)
            one.run_id = ""
            if self._is_over():
                return
            if lasted_s > PAUSE_S[1]:
                pause, is_told = Backoff(*PAUSE_S), False
                continue
            if not is_told:
                is_told = True
                again = f"it is started again, after {format_duration(PAUSE_S[0])}"
                more = f"growing to {format_duration(PAUSE_S[1])} while it ends so soon"
                context.faults.record("task", one.info.task, f"local task: {text}; {again}, {more}")
            await pause.wait()

    def _is_over(self) -> bool:
        return self._context.gate.is_draining

    async def _submit(self, one: _LocalTask) -> None:
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

    async def _read_stored(self) -> list[_LocalTask]:
        """Return the runs that an earlier supervisor has written down. Raises StoreGone."""
        context = self._context
        blob = await context.execute(context.commands.get_local_runs(context.config.node))
        try:
            rows = msgpack.unpackb(blob) if blob else []
            return [_LocalTask(LocalTaskInfo(task, params), m, r) for task, params, m, r in rows]
        except (ValueError, TypeError):
            log.warning("which runs local tasks have cannot be read: all are started again")
            return []


def _declared(manifest: Manifest) -> list[_LocalTask]:
    return [_LocalTask(info, _mark(manifest, info.task)) for info in manifest.info.local_tasks]


def _mark(manifest: Manifest, task: str) -> bytes:
    """Return what changes with a task: its code and its definition, but not its place or text."""
    info = manifest.tasks.get(task)
    fields = {} if info is None else info.to_dict()
    fields.pop("source", None)
    fields.pop("doc", None)
    marked: bytes = msgpack.packb([fields, manifest.info.code.get(task)])
    return marked
