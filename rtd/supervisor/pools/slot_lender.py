"""Lends the slots of runs that wait for other runs, so that those can start."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from typing import Final

from rtd.common.errors import StoreGone, WaitDeadlock
from rtd.model.lanes import CONFIG_LANES, LANE_OF
from rtd.model.run_record import decode_record
from rtd.model.run_states import RunState
from rtd.store.commands.stored_records import UNREADABLE
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorPhase
from rtd.supervisor.core.run_helpers import item_of, place_of
from rtd.supervisor.core.run_waiters import RunWatch
from rtd.supervisor.pools.pools import Pools
from rtd.supervisor.pools.waiting_runs import LENT_MAX, RunWait
from rtd.supervisor.pools.zygotes import Zygotes

#: Executors beyond the maximum of a lane go on for so long after a wait: the run may wait again.
_RETURN_S: Final = 0.5
#: Records in one reply.
_CHUNK: Final = 200


class SlotLender:
    """Knows which runs of this node wait for runs.

    A run that waits keeps its executor, and its lane may have another one meanwhile. The runs that
    it waits for come first among those of their queue and priority, before further runs that
    would wait in their turn.
    """

    def __init__(self, context: SupervisorContext, pools: Pools, zygotes: Zygotes) -> None:
        self._context = context
        self._pools = pools
        self._zygotes = zygotes
        self._timer: asyncio.TimerHandle | None = None
        self.waiting: Final = pools.waiting

    @asynccontextmanager
    async def lend(self, run: str | None, watch: RunWatch, any_of: bool) -> AsyncIterator[None]:
        """Lend the slot of a run inside this block, in which it waits.

        Args:
            run: the run that waits; None: the caller is part of none.
            watch: what it waits for.
            any_of: one of them is enough.

        Raises:
            WaitDeadlock: it would wait for ever.
        """
        executor = self._executor_of(run) if run and watch.pending else None
        if run is None or executor is None:
            yield
            return
        wait = RunWait(run, executor, watch.pending, any_of)
        self.waiting.add(wait)
        try:
            # While Redis is away the wait goes on all the same.
            with suppress(StoreGone):
                await self._inspect(wait)
                await self._check(wait)
            for lane in wait.lane_names & set(CONFIG_LANES):
                self._pools.check(lane)
            yield
        finally:
            self.waiting.remove(wait)
            self._return_later()

    def _executor_of(self, run: str) -> ExecutorEntry | None:
        executors = self._context.executors
        for seen in self._context.busy_slots():
            if seen.run_id == run:
                return executors.at_slot(seen.slot)
        return None

    async def _inspect(self, wait: RunWait) -> None:
        """Read what a run waits for, and let that come first."""
        calls, ids = self._context.commands, sorted(wait.pending)
        places: dict[str, list[str]] = {}
        for start in range(0, len(ids), _CHUNK):
            some = ids[start : start + _CHUNK]
            for blob in await self._context.execute(calls.get_records(some)):
                self._take_over(wait, blob, places)
        for place, items in places.items():
            # The last ones first: what is moved later stands before them.
            for start in reversed(range(0, len(items), 1000)):
                await self._context.execute(calls.advance(place, items[start : start + 1000]))

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

    def _return_later(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_RETURN_S, self._return_slots)

    def _return_slots(self) -> None:
        """Let executors end that their lanes may not have any more, idle ones first."""
        self._timer = None
        if self._context.gate.is_draining:
            return
        busy = {seen.slot for seen in self._context.busy_slots()}

        def rank(executor: ExecutorEntry) -> tuple[bool, int]:
            slots = range(executor.slot, executor.slot + executor.slots)
            return not busy.isdisjoint(slots), -executor.born_ns

        for lane in CONFIG_LANES:
            surplus = self._pools.count_surplus(lane)
            if surplus <= 0:
                continue
            found = [
                one
                for one in self._context.executors.of_lane(lane)
                if one.phase is ExecutorPhase.LIVE
                and not (one.is_spare or one.lane_suffix or self.waiting.holds(one))
            ]
            for executor in sorted(found, key=rank)[:surplus]:
                executor.why = "no run of its lane waits for others any more"
                self._zygotes.retire_executor(executor)


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
