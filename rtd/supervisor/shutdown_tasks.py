"""What an app does when the daemon ends: hooks, and the tasks that run on shutdown.

The executors of before take nothing more. These runs wait in lanes of their own, which only
executors that are made for them look at, so that nothing else of what is queued begins.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from rtd.common.errors import InternalError, StoreGone
from rtd.common.ids import new_id
from rtd.language.core.view import Answer
from rtd.supervisor.core.executor_registry import ExecutorPhase
from rtd.supervisor.core.log import log
from rtd.supervisor.internal.evaluate_once import evaluate_once
from rtd.supervisor.lifecycle.lifecycle_tasks import (
    SHUTDOWN,
    PlannedRun,
    runnable,
    submit_planned,
    tasks_on_shutdown,
    withdraw_runs,
)
from rtd.supervisor.node import Node

#: A lane whose executor has gone while runs wait in it is given another one.
_POLL_S: Final = 0.05
#: So long is an executor that was ordered waited for.
_BIRTH_S: Final = 2.0
#: Where they die as soon as they are born, each next one is ordered twice as late.
_FIRST_WAIT_S: Final = 0.05
MAIN: Final = "main"
#: Stands among the ids of the last runs from when executors are made for them.
BEGUN: Final = "begun"

ResultT = TypeVar("ResultT")


class ShutdownTasks:
    """The last runs of one daemon.

    Args:
        node: what ends.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._context = node.context
        self._lane_suffix = f"@{node.context.config.node}"
        #: By lane: when executors were ordered last, and how long the next are not.
        self._ordered: dict[str, tuple[float, float]] = {}
        #: What is going on, in words.
        self._step = "nothing of it has begun"

    @property
    def is_wanted(self) -> bool:
        """Whether the app has anything to do at its end, and can do it."""
        context, zygote = self._context, self._node.zygotes.current
        if zygote is None or zygote.connection is None or not context.redis.connected.is_set():
            return False
        if not context.gate.is_on:
            return False
        return bool(
            tasks_on_shutdown(context.manifest) or context.manifest.info.hooks.get(SHUTDOWN)
        )

    async def run(self, limit_s: float) -> None:
        """Run them; returns when they are over or the time is. What still runs then is the
        caller's.

        Args:
            limit_s: how long they may take together.
        """
        until = time.monotonic() + limit_s
        try:
            async with asyncio.timeout(limit_s):
                await self._run_steps(until)
        except TimeoutError:
            log.warning("what runs on shutdown is not over after %.0f s: %s", limit_s, self._step)
        except (StoreGone, InternalError) as error:
            log.warning("what runs on shutdown is left out: %s", error)

    async def _run_steps(self, until: float) -> None:
        node, context = self._node, self._context
        node_name = context.config.node
        await context.execute(context.commands.set_shutdown_runs(node_name, (BEGUN,)))
        if context.manifest.info.hooks.get(SHUTDOWN):
            self._step = "its hooks"
            left_s = until - time.monotonic()
            await self._in_main(node.app_hooks.call(SHUTDOWN, timeout_s=left_s))
        infos = await runnable(context, tasks_on_shutdown(context.manifest), self._evaluate_customs)
        if infos:
            self._step = ", ".join(info.name for info in infos)
            log.info("on shutdown: %s", self._step)
            planned = [PlannedRun(info.name, new_id()) for info in infos]
            await context.execute(
                context.commands.set_shutdown_runs(
                    node_name, (BEGUN, *(plan.run for plan in planned))
                )
            )
            made = await submit_planned(context, planned, SHUTDOWN, self._lane_suffix)
            pools = {plan.run: info.pool for plan, info in zip(planned, infos, strict=True)}
            await self._until_over(made, pools)
        if context.manifest.info.hooks.get(SHUTDOWN):
            self._step = "the rest of its hooks"
            left_s = until - time.monotonic()
            await self._in_main(node.app_hooks.call(SHUTDOWN, rest=True, timeout_s=left_s))
        await context.execute(context.commands.set_shutdown_runs(node_name, ()))

    async def _in_main(self, call: Coroutine[Any, Any, ResultT]) -> ResultT:
        """What it gives. It runs in the main lane, among the last runs, and does not wait for an
        executor that one of them has ended. Raises InternalError: there can be no other one."""
        self._node.internal_runs.lane_suffix = self._lane_suffix
        going = asyncio.ensure_future(call)
        try:
            while not going.done():
                if self._node.zygotes.current is None:
                    raise InternalError("the process that has imported the app has ended")
                self._ensure_executors(Counter((MAIN,)))
                await asyncio.wait((going,), timeout=_POLL_S)
            return going.result()
        finally:
            going.cancel()

    async def _evaluate_customs(self, texts: set[str]) -> dict[str, Answer]:
        return await self._in_main(evaluate_once(self._context, self._node.internal_runs, texts))

    async def _until_over(self, ids: list[str], pools: dict[str, str]) -> None:
        watch = self._node.waiters.watch(ids)
        try:
            async with watch:
                while watch.pending and self._node.zygotes.current is not None:
                    self._ensure_executors(Counter(pools[run] for run in watch.pending))
                    await watch.wait_change(_POLL_S)
        finally:
            await withdraw_runs(self._context, watch.pending)

    def _ensure_executors(self, waiting: Counter[str]) -> None:
        """See to it that each lane in which runs are left has executors."""
        for pool, count in waiting.items():
            if not any(
                executor.phase is ExecutorPhase.LIVE and executor.lane_suffix == self._lane_suffix
                for executor in self._context.executors.of_lane(pool)
            ):
                self._order(pool, count)

    def _order(self, pool: str, count: int) -> None:
        now = time.monotonic()
        at, wait_s = self._ordered.get(pool, (0.0, 0.0))
        if now >= at + (_BIRTH_S if self._node.pools.has_pending(pool) else wait_s):
            self._ordered[pool] = (now, min(max(2 * wait_s, _FIRST_WAIT_S), _BIRTH_S))
            self._node.pools.add_shutdown_executors(pool, count, self._lane_suffix)
