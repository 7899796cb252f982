"""The app's part in the end of a daemon: its hooks and its shutdown tasks.

The executors that exist take no more runs. The shutdown runs wait in lanes of their own, which
only executors started for them serve, so no other queued run starts.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final

from rtd.common.errors import InternalError, StoreGone
from rtd.model.lanes import MAIN_LANE
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorPhase
from rtd.supervisor.core.log import log
from rtd.supervisor.core.retry import Backoff, ResultT
from rtd.supervisor.core.run_waiters import RunWaiters, RunWatch
from rtd.supervisor.lifecycle.lifecycle_sequence import LifecycleSequence, SequenceTexts
from rtd.supervisor.lifecycle.lifecycle_tasks import (
    SHUTDOWN,
    PlannedRun,
    tasks_on,
    withdraw_runs,
)
from rtd.supervisor.pools.pools import Pools
from rtd.supervisor.pools.zygotes import Zygotes
from rtd.supervisor.runs.internal_runs import InternalRuns

#: An executor that was ordered gets this long to start before the next is ordered.
_BIRTH_S: Final = 2.0
#: The wait before another one is ordered where they die as soon as they start; it doubles.
_FIRST_WAIT_S: Final = 0.05
#: Stands among the ids of the shutdown runs from when executors are started for them.
BEGUN: Final = "begun"
TEXTS: Final = SequenceTexts(
    hooks="its hooks",
    plan="the conditions of its tasks",
    tasks="{}",
    rest="the rest of its hooks",
)


class ShutdownTasks(LifecycleSequence):
    """Runs the app's hooks and tasks at the end of a daemon.

    Args:
        context: what the parts of the supervisor share.
        internal_runs: call the hooks, in the app's main lane.
        waiters: tell when runs are over.
        zygotes: the serving one forks the last executors.
        pools: order them.
    """

    def __init__(
        self,
        context: SupervisorContext,
        internal_runs: InternalRuns,
        waiters: RunWaiters,
        zygotes: Zygotes,
        pools: Pools,
    ) -> None:
        suffix = f"@{context.config.node}"
        super().__init__(context, internal_runs, waiters, SHUTDOWN, TEXTS, suffix)
        self._zygotes = zygotes
        self._pools = pools
        self._orders: dict[str, _Order] = {}
        self._until = 0.0
        #: What is going on, in words.
        self._step = "nothing of it has begun"

    @property
    def is_wanted(self) -> bool:
        """Whether the app has anything to do at its end, and can do it."""
        context, zygote = self._context, self._zygotes.current
        if zygote is None or zygote.connection is None or not context.redis.connected.is_set():
            return False
        has_hooks = bool(context.manifest.info.hooks.get(SHUTDOWN))
        return context.gate.is_on and (has_hooks or bool(tasks_on(SHUTDOWN, context.manifest)))

    async def run(self, limit_s: float) -> None:
        """Run them; returns when they are over or the time is. Runs that go on then are left to
        the caller.

        Args:
            limit_s: how long they may take together.
        """
        self._until = time.monotonic() + limit_s
        try:
            async with asyncio.timeout(limit_s):
                await self._write_runs([BEGUN])
                await self._run_steps()
                await self._write_runs(())
        except TimeoutError:
            log.warning("what runs on shutdown is not over after %.0f s: %s", limit_s, self._step)
        except (StoreGone, InternalError) as error:
            log.warning("what runs on shutdown is left out: %s", error)

    async def _write_runs(self, ids: Sequence[str]) -> None:
        context = self._context
        await context.execute(context.commands.set_shutdown_runs(context.config.node, ids))

    # --- the steps

    def _announce(self, step: str) -> None:
        self._step = step

    def _hook_timeout_s(self) -> float:
        return self._until - time.monotonic()

    async def _save_planned(self, planned: Sequence[PlannedRun]) -> None:
        if planned:
            await self._write_runs([BEGUN, *(plan.run for plan in planned)])

    async def _in_main(self, call: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Return the result of a call, with an executor in the main lane until it is over.

        Raises:
            InternalError: the zygote has ended: there can be no executor.
        """
        task = asyncio.ensure_future(call)
        try:
            while not task.done():
                if self._zygotes.current is None:
                    raise InternalError("the process that has imported the app has ended")
                wait_s = self._ensure_executors([MAIN_LANE])
                await self._context.executors.changes.wait(wait_s, task)
            return task.result()
        finally:
            task.cancel()

    async def _leave(self, ids: Iterable[str]) -> None:
        await withdraw_runs(self._context, ids)

    async def _wait_change(self, watch: RunWatch, names: Mapping[str, str]) -> bool:
        if self._zygotes.current is None:
            return False
        tasks = self._context.manifest.tasks
        wait_s = self._ensure_executors(tasks[names[run]].pool for run in watch.pending)
        changed = asyncio.ensure_future(watch.wait_change(None))
        try:
            await self._context.executors.changes.wait(wait_s, changed)
        finally:
            changed.cancel()
        return True

    # --- executors for them

    def _ensure_executors(self, lanes: Iterable[str]) -> float | None:
        """Order executors for lanes in which runs wait and none serves them.

        Args:
            lanes: the lane of each run that waits.

        Returns:
            After how many seconds to look again; None: each lane has an executor.
        """
        waits_s = []
        for lane, count in Counter(lanes).items():
            if not any(
                executor.phase is ExecutorPhase.LIVE and executor.lane_suffix == self._lane_suffix
                for executor in self._context.executors.of_lane(lane)
            ):
                waits_s.append(self._order(lane, count))
        return min(waits_s, default=None)

    def _order(self, lane: str, count: int) -> float:
        """Order executors unless it is too early. Returns when to look again, in seconds."""
        order = self._orders.setdefault(lane, _Order())
        now_s = time.monotonic()
        if now_s >= self._due_s(lane, order):
            order.at_s, order.wait_s = now_s, order.backoff.next_s()
            self._pools.add_shutdown_executors(lane, count, self._lane_suffix)
        return self._due_s(lane, order) - now_s

    def _due_s(self, lane: str, order: "_Order") -> float:
        return order.at_s + (_BIRTH_S if self._pools.has_pending(lane) else order.wait_s)


class _Order:
    """The latest order of executors of a lane: when it was, and how long the next one waits."""

    def __init__(self) -> None:
        self.at_s = float("-inf")
        self.wait_s = 0.0
        self.backoff = Backoff(_FIRST_WAIT_S, _BIRTH_S)
