"""Lends the slots of runs that wait for other runs, so that those can start."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from typing import Final

from rtd.common.errors import StoreGone, WaitDeadlock
from rtd.model.lanes import CONFIG_LANES, LANE_OF
from rtd.model.run_record import decode_record
from rtd.model.run_states import RunState
from rtd.store.commands.stored_records import UNREADABLE
from rtd.store.connection.command import MAX_BATCH
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry
from rtd.supervisor.core.run_helpers import item_of, place_of
from rtd.supervisor.core.run_waiters import RunWatch
from rtd.supervisor.lending.lent_executors import LONG_S
from rtd.supervisor.lending.waiting_runs import LENT_MAX, RunWait
from rtd.supervisor.pools.pools import Pools
from rtd.supervisor.pools.zygotes import Zygotes

#: Executors beyond the maximum of a lane are kept for so long after a wait: its run may wait again.
_RETURN_S: Final = 0.5
#: The report of the start of an executor comes within this time.
_START_S: Final = 10.0
#: More items of one list are not sought one by one.
_FEW: Final = 16
#: Records in one reply.
_CHUNK: Final = 200


class SlotLender:
    """Knows which runs of this node wait for runs.

    A run that waits keeps its executor, and its lane may have another one meanwhile, which takes
    only what is waited for. The runs that it waits for come first among those of their queue and
    priority.

    Args:
        context: what the parts of the supervisor share.
        pools: have the executors.
        zygotes: let them end.
    """

    def __init__(self, context: SupervisorContext, pools: Pools, zygotes: Zygotes) -> None:
        self._context = context
        self._pools = pools
        self._zygotes = zygotes
        self._timer: asyncio.TimerHandle | None = None
        #: By lane, runs that a run has waited for, until they are forgotten.
        self._over: dict[str, set[str]] = {}
        self.waiting: Final = pools.waiting

    async def forget_earlier(self) -> None:
        """Forget what runs waited for when the last daemon ended: their clients ask again."""
        calls, node = self._context.commands, self._context.config.node
        await self._context.execute(calls.forget_awaited(node, CONFIG_LANES))

    @asynccontextmanager
    async def lend(
        self, run: str | None, watch: RunWatch, any_of: bool, limit_s: float | None = None
    ) -> AsyncIterator[None]:
        """Lend the slot of a run inside this block, in which it waits.

        Args:
            run: the run that waits; None: the caller is part of none.
            watch: what it waits for.
            any_of: one of them is enough.
            limit_s: how long it waits at most.

        Raises:
            WaitDeadlock: it would wait for ever.
        """
        executor = await self._find_executor(run, watch, limit_s) if run else None
        if run is None or executor is None:
            yield
            return
        wait = RunWait(run, executor, watch.pending, any_of)
        self.waiting.add(wait)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(LONG_S, self._pools.check, executor.lane)
        try:
            # While Redis is away the wait goes on all the same.
            with suppress(StoreGone):
                await self._inspect(wait)
                await self._check(wait)
            for lane in wait.lane_names & set(CONFIG_LANES):
                self._pools.check(lane)
            yield
        finally:
            timer.cancel()
            self.waiting.remove(wait)
            self._return_later(wait)

    async def _find_executor(
        self, run: str, watch: RunWatch, limit_s: float | None
    ) -> ExecutorEntry | None:
        """Return the executor of a run. A new one may be quicker than the report of its start.
        None: it has none here, or what it waits for has changed meanwhile."""
        until_s = time.monotonic() + min(_START_S, _START_S if limit_s is None else limit_s)
        changed = asyncio.ensure_future(watch.wait_change(None))
        try:
            while (executor := self._executor_of(run)) is None and not changed.done():
                left_s = until_s - time.monotonic()
                if left_s <= 0 or not watch.pending:
                    break
                await self._context.executors.changes.wait(left_s, changed)
            return executor
        finally:
            changed.cancel()

    def _executor_of(self, run: str) -> ExecutorEntry | None:
        executors = self._context.executors
        for seen in self._context.busy_slots():
            if seen.run_id == run:
                return executors.at_slot(seen.slot)
        return None

    async def _inspect(self, wait: RunWait) -> None:
        """Read what a run waits for, and let that come first."""
        calls, node, ids = self._context.commands, self._context.config.node, sorted(wait.pending)
        places: dict[str, list[str]] = {}
        for start in range(0, len(ids), _CHUNK):
            some = ids[start : start + _CHUNK]
            for blob in await self._context.execute(calls.get_records(some)):
                self._take_over(wait, blob, places)
        for lane, awaited in wait.ids_by_lane().items():
            for start in range(0, len(awaited), MAX_BATCH):
                part = awaited[start : start + MAX_BATCH]
                await self._context.execute(calls.add_awaited(node, lane, part))
        few = {place: items for place, items in places.items() if len(items) <= _FEW}
        for place, items in few.items():
            lane = place.partition("|")[0]
            await self._context.execute(calls.advance(node, lane, place, items))
        for lane in {place.partition("|")[0] for place in places.keys() - few.keys()}:
            await self._context.execute(calls.advance(node, lane))

    def _take_over(self, wait: RunWait, blob: bytes | None, places: dict[str, list[str]]) -> None:
        try:
            record = decode_record(blob or b"")
        except UNREADABLE:
            return
        if record.state is not RunState.QUEUED:  # it is over; one that runs is `queued`, too
            return
        spec, limit = record.spec, record.spec.opts.get("max_concurrency")
        wait.lanes[spec.id] = spec.lane
        wait.lane_names.add(spec.lane)
        places.setdefault(place_of(spec), []).append(item_of(spec))
        if isinstance(limit, int):
            wait.limited[spec.id] = (spec.task, limit)

    async def _check(self, wait: RunWait) -> None:
        """Raise WaitDeadlock if a run would wait for ever."""
        calls, tasks = self._context.commands, self.waiting.limited_tasks
        found = await self._context.redis.execute_all(*[calls.list_limited(one) for one in tasks])
        holders: dict[str, Collection[str]] = dict(zip(tasks, found, strict=True))
        if self.waiting.waits_for_ever(wait.run, holders):
            raise WaitDeadlock(_deadlock_text(wait))

    def _return_later(self, wait: RunWait) -> None:
        for lane, ids in wait.ids_by_lane().items():
            self._over.setdefault(lane, set()).update(ids)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_RETURN_S, self._return_slots)

    def _return_slots(self) -> None:
        self._timer = None
        over, self._over = self._over, {}
        self._context.jobs.start(self._forget(over), "forgetting runs that are not waited for")
        if not self._context.gate.is_draining:
            for lane in CONFIG_LANES:
                for executor in self._pools.find_surplus(lane):
                    executor.why = "fewer runs of its lane wait for others"
                    self._zygotes.retire_executor(executor)

    async def _forget(self, over: dict[str, set[str]]) -> None:
        calls, node = self._context.commands, self._context.config.node
        with suppress(StoreGone):
            for lane, ids in over.items():
                left = sorted(ids - self.waiting.awaited_ids)
                for start in range(0, len(left), MAX_BATCH):
                    part = left[start : start + MAX_BATCH]
                    await self._context.execute(calls.remove_awaited(node, lane, part))


def _deadlock_text(wait: RunWait) -> str:
    left = sorted(wait.pending)
    if wait.run in left:
        return f"run {wait.run} waits for itself"
    first, lane = (left or [""])[0], wait.executor.lane
    why = "that waits, directly or through others, for this run"
    limited = [task for run, (task, _) in wait.limited.items() if run in left]
    if limited:
        why = f"which cannot start: {limited[0]} is at its max_concurrency until this run ends"
    elif lane in wait.lane_names and LANE_OF[lane].single:
        why = f"which cannot start: lane {lane} carries out one run at a time"
    elif lane in wait.lane_names:
        why = (
            f"which cannot start: all runs of lane {lane} wait for others, and it has lent"
            f" {LENT_MAX} executors, as many as it may; let the tasks that wait run in another lane"
        )
    return f"run {wait.run} would wait for ever for run {first}, {why}"
