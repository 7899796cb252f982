"""How a daemon opens its schedule: hooks, then the tasks that run on startup, then the rest.

What has been begun is noted in Redis, so that a supervisor that dies in between is followed by
one that goes on from there.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

import msgpack

from rtd.common.errors import StoreGone
from rtd.common.ids import new_id
from rtd.config.config import LOG_POOL
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.executor_registry import Executor
from rtd.supervisor.core.log import log
from rtd.supervisor.core.run_waiters import Waiters
from rtd.supervisor.internal.app_hooks import AppHooks
from rtd.supervisor.internal.evaluate_once import ask_once
from rtd.supervisor.internal.internal_runs import InnerRuns
from rtd.supervisor.lifecycle.lifecycle_tasks import (
    FORCE_RUN,
    STARTUP,
    Planned,
    forced,
    make,
    on_startup,
    ready,
    withdraw,
)
from rtd.supervisor.scheduler.scheduler import Scheduler

Given = TypeVar("Given")
#: What the schedule waits for while nobody can say more.
ON_STARTUP: Final = "what runs on startup"


class Opening:
    """The way from a served app to its schedule; also runs tasks that are to run at first sight.

    Args:
        core: the shared ground.
        scheduler: opened at the end.
        hooks: those of the app.
        inner: runs in the main lane.
        waiters: tell when runs are over.
        retire: lets an executor end when its runs have.

    Attributes:
        waits_for: what the schedule still waits for, in words; None: it is open.
    """

    def __init__(
        self,
        core: Core,
        scheduler: Scheduler,
        hooks: AppHooks,
        inner: InnerRuns,
        waiters: Waiters,
        retire: Callable[[Executor], None],
    ) -> None:
        self._core = core
        self._scheduler = scheduler
        self._hooks = hooks
        self._inner = inner
        self._waiters = waiters
        self._retire = retire
        #: Tasks that have run at first sight; None before the first app is served.
        self._seen: frozenset[str] | None = None
        self.waits_for: str | None = None

    async def begin(self, adopted: bool) -> None:
        """Open the schedule, at once where nothing comes before it. Raises StoreGone.

        Args:
            adopted: the app was served before this supervisor: what runs on startup has run,
                or is still running.
        """
        core = self._core
        await self._end_closing(adopted)
        self._seen = frozenset(info.name for info in forced(core.manifest))
        begun = await self._begun(adopted) if core.scheduling else None
        if begun is None:
            await self._scheduler.start()
            return
        core.scheduling = False
        self.waits_for = ON_STARTUP
        await self._scheduler.start()
        core.jobs.start(self._carry_out(begun), "running what runs on startup")

    def serve(self) -> None:
        """The manifest may be another one: what is new in it may have to run."""
        before, infos = self._seen, forced(self._core.manifest)
        if before is None:
            return
        self._seen = frozenset(info.name for info in infos)
        new = [Planned(info.name, new_id()) for info in infos if info.name not in before]
        if new and self.waits_for is None and self._core.scheduling:
            self._core.jobs.start(self._force(new), "running new tasks")

    async def _end_closing(self, adopted: bool) -> None:
        """A supervisor of before was killed while it ended: its last executors take nothing but
        what runs at the end, and must make room."""
        core = self._core
        ids: list[str] = await core.ask(core.calls.closing(core.config.node))
        if ids:
            for executor in core.executors:
                if adopted and executor.lane != LOG_POOL:
                    self._retire(executor)
            await withdraw(core, ids)
            await core.ask(core.calls.set_closing(core.config.node, ()))

    # --- what is noted

    async def _begun(self, adopted: bool) -> dict[str, Any] | None:
        """What a supervisor of before had begun, or what is to be begun; None: nothing."""
        core = self._core
        blob: bytes | None = await core.ask(core.calls.opening(core.config.node))
        if adopted:
            return None if blob is None else dict(msgpack.unpackb(blob))
        manifest = core.manifest
        if on_startup(manifest) or forced(manifest) or manifest.info.hooks.get(STARTUP):
            return {"runs": None, "forced": None}
        if blob is not None:
            await self._note(None)
        return None

    async def _note(self, begun: dict[str, Any] | None) -> None:
        calls, node = self._core.calls, self._core.config.node
        blob = b"" if begun is None else msgpack.packb(begun)
        await self._core.ask(calls.set_opening(node, blob))

    # --- the way

    async def _carry_out(self, begun: dict[str, Any]) -> None:
        core = self._core
        if begun["runs"] is None:
            await self._insist(lambda: self._note(begun))
            await self._call_hooks("the hooks on startup")
            ask = partial(ask_once, core, self._inner)
            infos = await self._insist(lambda: ready(core, on_startup(core.manifest), ask))
            begun["runs"] = [[info.name, new_id()] for info in infos]
            await self._insist(lambda: self._note(begun))
        await self._run([Planned(*row) for row in begun["runs"]])
        if self._is_ending():
            return
        await self._call_hooks("the rest of the hooks on startup", rest=True)
        if begun["forced"] is None:
            begun["forced"] = [[info.name, new_id()] for info in forced(core.manifest)]
            await self._insist(lambda: self._note(begun))
        if self._is_ending():
            return
        self.waits_for = None
        core.scheduling = True
        await self._force([Planned(*row) for row in begun["forced"]])
        await self._insist(self._scheduler.load)
        await self._insist(lambda: self._note(None))

    async def _call_hooks(self, what: str, rest: bool = False) -> None:
        self.waits_for = what
        await self._hooks.call(STARTUP, rest=rest)
        self.waits_for = ON_STARTUP

    async def _run(self, planned: list[Planned]) -> None:
        """Start these and wait until they have ended, or the daemon is to end."""
        core = self._core
        if not planned or self._is_ending():
            return
        log.info("on startup: %s", ", ".join(task for task, _ in planned))
        made = await self._insist(lambda: make(core, planned, STARTUP))
        names = {run: task for task, run in planned}
        await self._insist(lambda: self._wait(made, names))

    async def _wait(self, ids: list[str], names: dict[str, str]) -> None:
        async with self._waiters.watch(ids) as watch:
            while watch.pending and not self._is_ending():
                tasks = sorted({names[run] for run in watch.pending})
                self.waits_for = f"{', '.join(tasks)} (on startup)"
                await watch.change(None)

    def _is_ending(self) -> bool:
        return self._core.draining

    async def _force(self, planned: list[Planned]) -> None:
        await self._insist(lambda: make(self._core, planned, FORCE_RUN))

    async def _insist(self, step: Callable[[], Awaitable[Given]]) -> Given:
        """What a step gives, however long Redis is away; a step may be repeated."""
        while True:
            try:
                return await step()
            except StoreGone:
                await self._core.redis_back()
