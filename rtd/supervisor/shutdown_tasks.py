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
from rtd.supervisor.core.executor_registry import Phase
from rtd.supervisor.core.log import log
from rtd.supervisor.internal.evaluate_once import ask_once
from rtd.supervisor.lifecycle.lifecycle_tasks import (
    SHUTDOWN,
    Planned,
    make,
    on_shutdown,
    ready,
    withdraw,
)
from rtd.supervisor.node import Node

#: A lane whose executor has gone while runs wait in it is given another one.
_LOOK_S: Final = 0.05
#: So long is an executor that was ordered waited for.
_BIRTH_S: Final = 2.0
#: Where they die as soon as they are born, each next one is ordered twice as late.
_FIRST_WAIT_S: Final = 0.05
MAIN: Final = "main"
#: Stands among the ids of the last runs from when executors are made for them.
BEGUN: Final = "begun"

Given = TypeVar("Given")


class Closing:
    """The last runs of one daemon.

    Args:
        node: what ends.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._core = node.core
        self._apart = f"@{node.core.config.node}"
        #: By lane: when executors were ordered last, and how long the next are not.
        self._ordered: dict[str, tuple[float, float]] = {}
        #: What is going on, in words.
        self._at = "nothing of it has begun"

    @property
    def is_wanted(self) -> bool:
        """Whether the app has anything to do at its end, and can do it."""
        core, zygote = self._core, self._node.zygotes.current
        if zygote is None or zygote.link is None or not core.redis.connected.is_set():
            return False
        if not core.scheduling and self._node.opening.waits_for is None:
            return False  # it does nothing by itself, and has not begun either
        return bool(on_shutdown(core.manifest) or core.manifest.info.hooks.get(SHUTDOWN))

    async def carry_out(self, limit_s: float) -> None:
        """Run them; returns when they are over or the time is. What still runs then is the
        caller's.

        Args:
            limit_s: how long they may take together.
        """
        until = time.monotonic() + limit_s
        try:
            async with asyncio.timeout(limit_s):
                await self._carry_out(until)
        except TimeoutError:
            log.warning("what runs on shutdown is not over after %.0f s: %s", limit_s, self._at)
        except (StoreGone, InternalError) as error:
            log.warning("what runs on shutdown is left out: %s", error)

    async def _carry_out(self, until: float) -> None:
        node, core = self._node, self._core
        node_name = core.config.node
        await core.ask(core.calls.set_closing(node_name, (BEGUN,)))
        if core.manifest.info.hooks.get(SHUTDOWN):
            self._at = "its hooks"
            left_s = until - time.monotonic()
            await self._in_main(node.app_hooks.call(SHUTDOWN, timeout_s=left_s))
        infos = await ready(core, on_shutdown(core.manifest), self._ask)
        if infos:
            self._at = ", ".join(info.name for info in infos)
            log.info("on shutdown: %s", self._at)
            planned = [Planned(info.name, new_id()) for info in infos]
            await core.ask(
                core.calls.set_closing(node_name, (BEGUN, *(plan.run for plan in planned)))
            )
            made = await make(core, planned, SHUTDOWN, self._apart)
            pools = {plan.run: info.pool for plan, info in zip(planned, infos, strict=True)}
            await self._until_over(made, pools)
        if core.manifest.info.hooks.get(SHUTDOWN):
            self._at = "the rest of its hooks"
            left_s = until - time.monotonic()
            await self._in_main(node.app_hooks.call(SHUTDOWN, rest=True, timeout_s=left_s))
        await core.ask(core.calls.set_closing(node_name, ()))

    async def _in_main(self, call: Coroutine[Any, Any, Given]) -> Given:
        """What it gives. It runs in the main lane, among the last runs, and does not wait for an
        executor that one of them has ended. Raises InternalError: there can be no other one."""
        self._node.inner.apart = self._apart
        going = asyncio.ensure_future(call)
        try:
            while not going.done():
                if self._node.zygotes.current is None:
                    raise InternalError("the process that has imported the app has ended")
                self._staff(Counter((MAIN,)))
                await asyncio.wait((going,), timeout=_LOOK_S)
            return going.result()
        finally:
            going.cancel()

    async def _ask(self, texts: set[str]) -> dict[str, Answer]:
        return await self._in_main(ask_once(self._core, self._node.inner, texts))

    async def _until_over(self, ids: list[str], pools: dict[str, str]) -> None:
        watch = self._node.waiters.watch(ids)
        try:
            async with watch:
                while watch.pending and self._node.zygotes.current is not None:
                    self._staff(Counter(pools[run] for run in watch.pending))
                    await watch.change(_LOOK_S)
        finally:
            await withdraw(self._core, watch.pending)

    def _staff(self, waiting: Counter[str]) -> None:
        """See to it that each lane in which runs are left has executors."""
        for pool, count in waiting.items():
            if not any(
                executor.phase is Phase.LIVE and executor.apart == self._apart
                for executor in self._core.executors.of_lane(pool)
            ):
                self._order(pool, count)

    def _order(self, pool: str, count: int) -> None:
        now = time.monotonic()
        at, wait_s = self._ordered.get(pool, (0.0, 0.0))
        if now >= at + (_BIRTH_S if self._node.pools.is_awaited(pool) else wait_s):
            self._ordered[pool] = (now, min(max(2 * wait_s, _FIRST_WAIT_S), _BIRTH_S))
            self._node.pools.add_apart(pool, count, self._apart)
