"""Keeps each lane at the number of executors that it needs: its minimum, more on demand.

Executors that have had no work for long end by themselves; those of the minimum wait for ever. In
a lane whose executors fail as soon as they start, the wait before the next start grows.
"""

import asyncio
import time
from contextlib import suppress
from functools import partial
from typing import Any, Final

from rtd.common.errors import StoreGone
from rtd.config.config import EMBEDDED, LaneConfig
from rtd.model.lanes import CONFIG_LANES, LOG_LANE
from rtd.protocol.zygote_messages import LANE_SUFFIX_OPTION, SparesCommand, SpawnCommand
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorExit, ExecutorPhase
from rtd.supervisor.core.jobs import SingleFlight
from rtd.supervisor.lending.lent_executors import LENT, LENT_IDLE_S, LentExecutors
from rtd.supervisor.lending.waiting_runs import WaitingRuns
from rtd.supervisor.pools.lane_pool import Pool, missing_executors
from rtd.supervisor.pools.lane_settings import executor_options, lane_settings
from rtd.supervisor.pools.zygote_connection import ZygoteConnection
from rtd.supervisor.pools.zygotes import Zygotes


class Pools:
    """All lanes of this node."""

    def __init__(self, context: SupervisorContext, zygotes: Zygotes) -> None:
        self._context = context
        self._zygotes = zygotes
        self._pools = {lane: Pool(lane) for lane in (*CONFIG_LANES, LOG_LANE)}
        self._lent_pools = {lane: Pool(lane, LENT) for lane in CONFIG_LANES}
        self.waiting: Final = WaitingRuns(context)
        self.lent: Final = LentExecutors(context, self.waiting)
        self._checks = {
            lane: SingleFlight(
                context.jobs, f"filling the {lane} lane", partial(self._check_lane, pool)
            )
            for lane, pool in self._pools.items()
        }
        self._stopped = False

    # --- events

    def check_all(self) -> None:
        """Check every lane: at the start, after Redis was away, with a new zygote."""
        if not self._stopped:
            settings = self._context.config.lanes["fresh"]
            used = any(info.pool == "fresh" for info in self._context.manifest.tasks.values())
            self._keep_spares(min(settings.min, settings.max) if used else 0)
        for lane in self._pools:
            self.check(lane)

    def on_demand(self, lane: str) -> None:
        """Check a lane: runs wait there, and no executor is idle. A full one passes this on to
        the other nodes that share the queues."""
        pool = self._pools.get(lane)
        if pool is not None:
            pool.passes_demand = self._context.config.redis != EMBEDDED
            self.check(lane)

    def on_passed_demand(self, lane: str) -> None:
        """Check a lane: runs wait there, and another node cannot start an executor for them."""
        if lane in self._pools:
            self.check(lane)

    def on_executor_start(self, executor: ExecutorEntry) -> None:
        """Count an executor that was ordered as started."""
        pool = self._pool_of(executor.lane, executor)
        if pool is not None and pool.pending:
            pool.pending.pop(0)

    def on_executor_exit(
        self, executor_exit: ExecutorExit, executor: ExecutorEntry | None, busy: bool
    ) -> None:
        """Replace an executor that has ended at once, if its lane needs it."""
        pool = self._pool_of(executor_exit.lane, executor)
        if pool is None:
            return
        pool.count_crash(executor_exit, executor, busy)
        self.check(executor_exit.lane)

    def on_zygote_exit(self) -> None:
        """Forget the executors that were ordered: their zygote has ended."""
        for pool in (*self._pools.values(), *self._lent_pools.values()):
            pool.pending.clear()

    def stop(self) -> None:
        """Start no more executors."""
        self._stopped = True
        for pool in (*self._pools.values(), *self._lent_pools.values()):
            if pool.timer is not None:
                pool.timer.cancel()

    def add_shutdown_executors(self, lane: str, count: int, lane_suffix: str) -> None:
        """While the daemon ends, start executors that take only runs of lanes with a suffix.

        Starts at most as many as the lane may have.
        """
        connection, pool = self._connection, self._pools[lane]
        if connection is None:
            return
        count = min(count, max(self._settings(pool).max, 1))
        options = {**self._options(pool, lasting=True), LANE_SUFFIX_OPTION: lane_suffix}
        pool.add_pending(count)
        connection.send(SpawnCommand(lane, options, count))

    def has_pending(self, lane: str) -> bool:
        """Return whether an executor that was ordered has not started yet."""
        return self._pools[lane].count_pending() > 0

    def is_full(self, lane: str) -> bool:
        """Return whether a lane has as many executors as it may have."""
        pool = self._pools.get(lane)
        return pool is not None and self._alive(pool) >= self._bounds(pool).max

    def count_lent(self, lane: str) -> int:
        """Return how many executors a lane has beyond its maximum."""
        pool = self._pools[lane]
        return max(0, self._alive(pool) + len(self.lent.of_lane(lane)) - self._settings(pool).max)

    def find_surplus(self, lane: str) -> list[ExecutorEntry]:
        """Return the executors that a lane may not have any more, since fewer of its runs wait:
        idle ones first, and none whose run waits."""
        pool, settings = self._pools[lane], self._settings(self._pools[lane])
        lent = self.lent.surplus(lane, settings, self._alive(pool))
        ordinary = self._alive(pool) - self._bounds(pool).max
        if lent <= 0 and ordinary <= 0:
            return []
        return self.lent.pick(lane, max(0, lent), max(0, ordinary))

    def stop_spares(self) -> None:
        """While the daemon ends, do not replace executors of the fresh lane."""
        self._keep_spares(0)

    # --- decisions

    def check(self, lane: str) -> None:
        """Start the executors that a lane needs and lacks; calls that overlap become one."""
        if not self._stopped:
            self._checks[lane].request()

    async def _check_lane(self, pool: Pool) -> None:
        if not self._stopped:
            with suppress(StoreGone):  # when Redis is back, all lanes are checked
                await self._compare(pool)

    async def _compare(self, pool: Pool) -> None:
        settings = self._bounds(pool)
        self._fill(pool, missing_executors(settings, self._alive(pool), 0, 0))
        calls, node = self._context.commands, self._context.config.node
        is_full = self._alive(pool) >= settings.max
        lends = self.waiting.count_slots(pool.lane, settings.concurrency) > 0
        if is_full and pool.passes_demand:
            pool.passes_demand = False
            await self._context.execute(calls.pass_demand(node, pool.lane))
        if self._connection is None or (is_full and not lends):
            # The demand stays set: a full lane needs no further notification.
            return
        # Cleared first: a submit after this notifies again, one before it is in the load.
        _, load = await self._context.redis.execute_all(
            calls.clear_demand(node, pool.lane), calls.lane_load(pool.lane, node)
        )
        idle = load.idle + pool.count_pending()
        if lends and load.queued:
            taking = await self._lend(pool)
            # Meanwhile one of them may have taken the run that the load was about.
            load = await self._context.execute(calls.lane_load(pool.lane, node))
            idle, settings = load.idle + pool.count_pending() + taking, self._bounds(pool)
        self._fill(pool, missing_executors(settings, self._alive(pool), load.queued, idle))

    async def _lend(self, pool: Pool) -> int:
        """Start the executors that a lane lends. Returns how many take a run now."""
        lent = self._lent_pools[pool.lane]
        taking, missing = await self.lent.wake(
            pool.lane, self._settings(pool), self._alive(pool), lent.count_pending()
        )
        self._fill(lent, missing)
        return taking + missing

    def _settings(self, pool: Pool) -> LaneConfig:
        return lane_settings(self._context, pool.lane)

    def _bounds(self, pool: Pool) -> LaneConfig:
        settings = self._settings(pool)
        if pool.lane == LOG_LANE:
            return settings
        pending = self._lent_pools[pool.lane].count_pending()
        return self.lent.raised(pool.lane, settings, pending)

    def _pool_of(self, lane: str, executor: ExecutorEntry | None) -> Pool | None:
        is_lent = executor is not None and executor.lane_suffix == LENT
        return self._lent_pools[lane] if is_lent else self._pools.get(lane)

    def _alive(self, pool: Pool) -> int:
        is_lent = pool.lane_suffix == LENT
        return pool.count_pending() + sum(
            executor.phase is ExecutorPhase.LIVE and (executor.lane_suffix == LENT) == is_lent
            for executor in self._context.executors.of_lane(pool.lane)
        )

    # --- commands to the zygote

    @property
    def _connection(self) -> ZygoteConnection | None:
        zygote = self._zygotes.current
        return None if zygote is None else zygote.connection

    def _fill(self, pool: Pool, count: int) -> None:
        connection = self._connection
        if count <= 0 or self._stopped or connection is None:
            return
        wait_s = pool.not_before - time.monotonic()
        if wait_s > 0:
            self._later(pool, wait_s)
            return
        minimum = 0 if pool.lane_suffix else self._settings(pool).min
        permanent = max(0, min(count, minimum - self._alive(pool)))
        for number, lasting in ((permanent, True), (count - permanent, False)):
            if number:
                connection.send(SpawnCommand(pool.lane, self._options(pool, lasting), number))
        pool.add_pending(count)

    def _keep_spares(self, count: int) -> None:
        """Tell the zygote how many spares of the fresh lane to keep: it replaces them faster."""
        if self._connection is not None:
            options = self._options(self._pools["fresh"], lasting=True)
            self._connection.send(SparesCommand("fresh", count, options))

    def _options(self, pool: Pool, lasting: bool) -> dict[str, Any]:
        context, zygote, settings = self._context, self._zygotes.current, self._settings(pool)
        generation = 0 if zygote is None else zygote.generation
        if pool.lane_suffix:
            options = executor_options(context, settings, generation, LENT_IDLE_S)
            return {**options, LANE_SUFFIX_OPTION: pool.lane_suffix}
        return executor_options(context, settings, generation, 0.0 if lasting else settings.idle_s)

    def _later(self, pool: Pool, wait_s: float) -> None:
        if pool.timer is not None:
            pool.timer.cancel()
        pool.timer = asyncio.get_running_loop().call_later(wait_s, self.check, pool.lane)
