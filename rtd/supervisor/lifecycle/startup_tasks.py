"""How a daemon opens its schedule: hooks, then the tasks that run on startup, then the rest.

What has been begun is noted in Redis, so that a supervisor that dies in between is followed by
one that goes on from there.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgpack

from rtd.common.ids import new_id
from rtd.model.lanes import LOG_LANE
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import Executor
from rtd.supervisor.core.log import log
from rtd.supervisor.core.run_waiters import RunWaiters
from rtd.supervisor.internal.app_hooks import AppHooks
from rtd.supervisor.internal.evaluate_once import evaluate_once
from rtd.supervisor.internal.internal_runs import InternalRuns
from rtd.supervisor.lifecycle.lifecycle_tasks import (
    FORCE_RUN,
    STARTUP,
    PlannedRun,
    forced_tasks,
    runnable,
    submit_planned,
    tasks_on_startup,
    withdraw_runs,
)
from rtd.supervisor.scheduler.scheduler import TaskScheduler

#: What the schedule waits for while nobody can say more.
ON_STARTUP: Final = "what runs on startup"


class StartupTasks:
    """The way from a served app to its schedule; also runs tasks that are to run at first sight.

    Args:
        context: what the parts of the supervisor share.
        scheduler: opened at the end.
        hooks: those of the app.
        inner: runs in the main lane.
        waiters: tell when runs are over.
        retire: lets an executor end when its runs have.
    """

    def __init__(
        self,
        context: SupervisorContext,
        scheduler: TaskScheduler,
        hooks: AppHooks,
        inner: InternalRuns,
        waiters: RunWaiters,
        retire: Callable[[Executor], None],
    ) -> None:
        self._context = context
        self._scheduler = scheduler
        self._hooks = hooks
        self._inner = inner
        self._waiters = waiters
        self._retire = retire
        #: Tasks that have run at first sight; None before the first app is served.
        self._seen: frozenset[str] | None = None

    async def begin(self, adopted: bool) -> None:
        """Open the schedule, at once where nothing comes before it. Raises StoreGone.

        Args:
            adopted: the app was served before this supervisor: what runs on startup has run,
                or is still running.
        """
        context = self._context
        await self._clear_shutdown(adopted)
        self._seen = frozenset(info.name for info in forced_tasks(context.manifest))
        begun = await self._read_progress(adopted) if context.gate.is_on else None
        if begun is None:
            context.gate.open()
            await self._scheduler.start()
            return
        context.gate.wait_for(ON_STARTUP)
        await self._scheduler.start()
        context.jobs.start(self._run_steps(begun), "running what runs on startup")

    def on_app_change(self) -> None:
        """The manifest may be another one: what is new in it may have to run."""
        before, infos = self._seen, forced_tasks(self._context.manifest)
        if before is None:
            return
        self._seen = frozenset(info.name for info in infos)
        new = [PlannedRun(info.name, new_id()) for info in infos if info.name not in before]
        if new and self._context.gate.is_open:
            self._context.jobs.start(self._force(new), "running new tasks")

    async def _clear_shutdown(self, adopted: bool) -> None:
        """A supervisor of before was killed while it ended: its last executors take nothing but
        what runs at the end, and must make room."""
        context = self._context
        ids: list[str] = await context.execute(
            context.commands.get_shutdown_runs(context.config.node)
        )
        if ids:
            for executor in context.executors:
                if adopted and executor.lane != LOG_LANE:
                    self._retire(executor)
            await withdraw_runs(context, ids)
            await context.execute(context.commands.set_shutdown_runs(context.config.node, ()))

    # --- what is noted

    async def _read_progress(self, adopted: bool) -> dict[str, Any] | None:
        """What a supervisor of before had begun, or what is to be begun; None: nothing."""
        context = self._context
        blob: bytes | None = await context.execute(
            context.commands.get_startup(context.config.node)
        )
        if adopted:
            return None if blob is None else dict(msgpack.unpackb(blob))
        manifest = context.manifest
        if tasks_on_startup(manifest) or forced_tasks(manifest) or manifest.info.hooks.get(STARTUP):
            return {"runs": None, "forced": None}
        if blob is not None:
            await self._save_progress(None)
        return None

    async def _save_progress(self, begun: dict[str, Any] | None) -> None:
        calls, node = self._context.commands, self._context.config.node
        blob = b"" if begun is None else msgpack.packb(begun)
        await self._context.execute(calls.set_startup(node, blob))

    # --- the way

    async def _run_steps(self, begun: dict[str, Any]) -> None:
        context = self._context
        if begun["runs"] is None:
            await context.retry(lambda: self._save_progress(begun))
            await self._call_hooks("the hooks on startup")
            ask = partial(evaluate_once, context, self._inner)
            infos = await context.retry(
                lambda: runnable(context, tasks_on_startup(context.manifest), ask)
            )
            begun["runs"] = [[info.name, new_id()] for info in infos]
            await context.retry(lambda: self._save_progress(begun))
        await self._run([PlannedRun(*row) for row in begun["runs"]])
        if self._is_ending():
            return
        await self._call_hooks("the rest of the hooks on startup", rest=True)
        if begun["forced"] is None:
            begun["forced"] = [[info.name, new_id()] for info in forced_tasks(context.manifest)]
            await context.retry(lambda: self._save_progress(begun))
        if self._is_ending():
            return
        context.gate.open()
        await self._force([PlannedRun(*row) for row in begun["forced"]])
        await context.retry(self._scheduler.load)
        await context.retry(lambda: self._save_progress(None))

    async def _call_hooks(self, what: str, rest: bool = False) -> None:
        self._context.gate.wait_for(what)
        await self._hooks.call(STARTUP, rest=rest)
        self._context.gate.wait_for(ON_STARTUP)

    async def _run(self, planned: list[PlannedRun]) -> None:
        """Start these and wait until they have ended, or the daemon is to end."""
        context = self._context
        if not planned or self._is_ending():
            return
        log.info("on startup: %s", ", ".join(task for task, _ in planned))
        made = await context.retry(lambda: submit_planned(context, planned, STARTUP))
        names = {run: task for task, run in planned}
        await context.retry(lambda: self._wait(made, names))

    async def _wait(self, ids: list[str], names: dict[str, str]) -> None:
        async with self._waiters.watch(ids) as watch:
            while watch.pending and not self._is_ending():
                tasks = sorted({names[run] for run in watch.pending})
                self._context.gate.wait_for(f"{', '.join(tasks)} (on startup)")
                await watch.wait_change(None)

    def _is_ending(self) -> bool:
        return self._context.gate.is_draining

    async def _force(self, planned: list[PlannedRun]) -> None:
        await self._context.retry(lambda: submit_planned(self._context, planned, FORCE_RUN))
