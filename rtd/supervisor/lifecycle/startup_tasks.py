"""How a daemon opens its schedule: hooks, then the startup tasks, then all the others.

Redis holds how far it has come, so that after a crash the next supervisor goes on from there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

import msgpack

from rtd.common.ids import new_id
from rtd.model.lanes import LOG_LANE
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry
from rtd.supervisor.core.retry import ResultT
from rtd.supervisor.core.run_waiters import RunWaiters
from rtd.supervisor.lifecycle.lifecycle_sequence import LifecycleSequence, SequenceTexts
from rtd.supervisor.lifecycle.lifecycle_tasks import (
    FORCE_RUN,
    STARTUP,
    PlannedRun,
    forced_tasks,
    submit_planned,
    tasks_on,
    withdraw_runs,
)
from rtd.supervisor.runs.internal_runs import InternalRuns
from rtd.supervisor.scheduler.scheduler import TaskScheduler

#: What the schedule waits for, step by step.
TEXTS: Final = SequenceTexts(
    hooks="the hooks on startup",
    plan="what runs on startup",
    tasks="{} (on startup)",
    rest="the rest of the hooks on startup",
)


class StartupTasks(LifecycleSequence):
    """Goes from a served app to its open schedule; also runs forced tasks when they are new.

    Args:
        context: what the parts of the supervisor share.
        internal_runs: call the hooks, in the app's main lane.
        waiters: tell when runs are over.
        scheduler: opened at the end.
        retire_executor: lets an executor end when its runs have.

    Attributes:
        over: set when all of it is over.
    """

    def __init__(
        self,
        context: SupervisorContext,
        internal_runs: InternalRuns,
        waiters: RunWaiters,
        scheduler: TaskScheduler,
        retire_executor: Callable[[ExecutorEntry], None],
    ) -> None:
        super().__init__(context, internal_runs, waiters, STARTUP, TEXTS)
        self._scheduler = scheduler
        self._retire_executor = retire_executor
        #: The forced tasks that have been seen; None before the first app is served.
        self._seen: frozenset[str] | None = None
        #: As it stands in Redis: the planned startup runs and forced runs, `[task, run id]`.
        self._progress: dict[str, Any] = {}
        self.over = asyncio.Event()

    async def begin(self, adopted: bool) -> None:
        """Open the schedule, at once where nothing comes before it.

        Args:
            adopted: an earlier supervisor has served the app: the startup tasks have run, or
                are still running.

        Raises:
            StoreGone: Redis does not answer.
        """
        context = self._context
        await self._clear_shutdown(adopted)
        self._seen = frozenset(info.name for info in forced_tasks(context.manifest))
        progress = await self._read_progress(adopted) if context.gate.is_on else None
        if progress is None:
            context.gate.open()
            await self._scheduler.start()
            self.over.set()
            return
        self._progress = progress
        context.gate.wait_for(TEXTS.plan)
        await self._scheduler.start()
        context.jobs.start_lasting(self._start_up, "running what runs on startup")

    def on_app_change(self) -> None:
        """Run the forced tasks that are new in the manifest."""
        before, infos = self._seen, forced_tasks(self._context.manifest)
        if before is None:
            return
        self._seen = frozenset(info.name for info in infos)
        new = [PlannedRun(info.name, new_id()) for info in infos if info.name not in before]
        if new and self._context.gate.is_open:
            self._context.jobs.start(self._force(new), "running new tasks")

    async def _clear_shutdown(self, adopted: bool) -> None:
        """Clear up after a supervisor that was killed while it ended: its last executors take
        only shutdown runs, and must make room."""
        context = self._context
        ids: list[str] = await context.execute(
            context.commands.get_shutdown_runs(context.config.node)
        )
        if ids:
            for executor in context.executors:
                if adopted and executor.lane != LOG_LANE:
                    self._retire_executor(executor)
            await withdraw_runs(context, ids)
            await context.execute(context.commands.set_shutdown_runs(context.config.node, ()))

    # --- progress

    async def _read_progress(self, adopted: bool) -> dict[str, Any] | None:
        """Return how far an earlier supervisor has come, or an empty progress. None: no steps."""
        context = self._context
        blob: bytes | None = await context.execute(
            context.commands.get_startup(context.config.node)
        )
        if adopted:
            return None if blob is None else dict(msgpack.unpackb(blob))
        manifest = context.manifest
        has_hooks = bool(manifest.info.hooks.get(STARTUP))
        if has_hooks or tasks_on(STARTUP, manifest) or forced_tasks(manifest):
            return {"runs": None, "forced": None}
        if blob is not None:
            await self._write_progress(b"")
        return None

    async def _save_progress(self) -> None:
        blob: bytes = msgpack.packb(self._progress)
        await self._context.retry(lambda: self._write_progress(blob))

    async def _write_progress(self, blob: bytes) -> None:
        calls, node = self._context.commands, self._context.config.node
        await self._context.execute(calls.set_startup(node, blob))

    # --- the steps

    async def _start_up(self) -> None:
        context, progress = self._context, self._progress
        if progress["runs"] is None:
            await self._save_progress()
            await self._run_steps()
        else:
            await self._run_steps([PlannedRun(*row) for row in progress["runs"]])
        if self._is_over():
            return
        if progress["forced"] is None:
            infos = forced_tasks(context.manifest)
            progress["forced"] = [[info.name, new_id()] for info in infos]
            await self._save_progress()
        if self._is_over():
            return
        context.gate.open()
        await self._force([PlannedRun(*row) for row in progress["forced"]])
        await context.retry(self._scheduler.load)
        await context.retry(lambda: self._write_progress(b""))
        self.over.set()

    async def _force(self, planned: list[PlannedRun]) -> None:
        await self._context.retry(lambda: submit_planned(self._context, planned, FORCE_RUN))

    def _announce(self, step: str) -> None:
        self._context.gate.wait_for(step)

    def _is_over(self) -> bool:
        return self._context.gate.is_draining

    async def _save_planned(self, planned: Sequence[PlannedRun]) -> None:
        self._progress["runs"] = [list(plan) for plan in planned]
        await self._save_progress()

    async def _leave(self, ids: Iterable[str]) -> None:
        """Leave them to the drain."""

    async def _retry(self, step: Callable[[], Awaitable[ResultT]]) -> ResultT:
        return await self._context.retry(step)
