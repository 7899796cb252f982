"""Keeps each lane at the number of executors that it needs: its minimum, more on demand.

Executors that have had no work for long end by themselves; those of the minimum wait for ever. In
a lane whose executors fail as soon as they start, the wait before the next start grows.
"""

import asyncio
import dataclasses
import time
from contextlib import suppress
from functools import partial
from typing import Any, Final

from rtd.common.errors import StoreGone
from rtd.config.config import EMBEDDED, LaneConfig
from rtd.model.lanes import CONFIG_LANES, LOG_LANE, MAIN_LANE
from rtd.protocol.zygote_messages import LANE_SUFFIX_OPTION, SparesCommand, SpawnCommand
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorExit, ExecutorPhase
from rtd.supervisor.core.jobs import SingleFlight
from rtd.supervisor.pools.lane_pool import Pool, missing_executors
from rtd.supervisor.pools.zygote_connection import ZygoteConnection
from rtd.supervisor.pools.zygotes import Zygotes

_LOG_ON: Final = LaneConfig(min=1, max=1)
_LOG_OFF: Final = LaneConfig(min=0, max=0)


class Pools:
    """All lanes of this node."""

    def __init__(self, context: SupervisorContext, zygotes: Zygotes) -> None:
        self._context = context
        self._zygotes = zygotes
        self._pools = {lane: Pool(lane) for lane in (*CONFIG_LANES, LOG_LANE)}
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
        pool = self._pools.get(executor.lane)
        if pool is not None and pool.pending:
            pool.pending.pop(0)

    def on_executor_exit(
        self, executor_exit: ExecutorExit, executor: ExecutorEntry | None, busy: bool
    ) -> None:
        """Replace an executor that has ended at once, if its lane needs it."""
        pool = self._pools.get(executor_exit.lane)
        if pool is None:
            return
        pool.count_crash(executor_exit, executor, busy)
        self.check(executor_exit.lane)

    def on_zygote_exit(self) -> None:
        """Forget the executors that were ordered: their zygote has ended."""
        for pool in self._pools.values():
            pool.pending.clear()

    def stop(self) -> None:
        """Start no more executors."""
        self._stopped = True
        for pool in self._pools.values():
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
        return pool is not None and self._alive(pool) >= self._settings(pool).max

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
        settings = self._settings(pool)
        self._fill(pool, missing_executors(settings, self._alive(pool), 0, 0))
        calls, node = self._context.commands, self._context.config.node
        if self._alive(pool) >= settings.max or self._connection is None:
            # The demand stays set: a full lane needs no further notification.
            if pool.passes_demand:
                pool.passes_demand = False
                await self._context.execute(calls.pass_demand(node, pool.lane))
            return
        # Cleared first: a submit after this notifies again, one before it is in the load.
        _, load = await self._context.redis.execute_all(
            calls.clear_demand(node, pool.lane), calls.lane_load(pool.lane, node)
        )
        idle = load.idle + pool.count_pending()
        self._fill(pool, missing_executors(settings, self._alive(pool), load.queued, idle))

    def _settings(self, pool: Pool) -> LaneConfig:
        """Return the bounds of a lane; without a task for it, it needs no executors in advance."""
        if pool.lane == LOG_LANE:
            return _LOG_ON if self._context.manifest.info.logged else _LOG_OFF
        used = {info.pool for info in self._context.manifest.tasks.values()}
        settings = self._context.config.lanes[pool.lane]
        info = self._context.manifest.info
        if pool.lane == MAIN_LANE and (info.custom or any(info.hooks.values())):
            # It is used all the time, and generators among the hooks live in its process.
            return dataclasses.replace(settings, min=max(settings.min, min(1, settings.max)))
        if settings.min and (pool.lane not in used or pool.lane == "fresh"):
            return dataclasses.replace(settings, min=0)
        return settings

    def _alive(self, pool: Pool) -> int:
        return pool.count_pending() + sum(
            1 for e in self._context.executors.of_lane(pool.lane) if e.phase is ExecutorPhase.LIVE
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
        settings = self._settings(pool)
        permanent = max(0, min(count, settings.min - self._alive(pool)))
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
        """Return the options of a new executor; see `rtd.executor.core.executor_options`."""
        context, zygote = self._context, self._zygotes.current
        settings = self._settings(pool)
        return {
            "generation": 0 if zygote is None else zygote.generation,
            "store_url": context.store_url,
            "namespace": context.config.name,
            "node": context.config.node,
            "output_dir": str(context.paths.output_dir),
            "concurrency": settings.concurrency,
            "max_runs": settings.max_runs,
            "max_memory_bytes": settings.max_memory_bytes,
            "idle_s": 0.0 if lasting else settings.idle_s,
            "result_limit_bytes": context.config.limits.result_bytes,
            "run_limit_bytes": context.config.output.run_limit_bytes,
            "retention_s": context.config.retention_s,
            "history": context.config.history,
            "stop_grace_s": context.config.stop_grace_s,
            "allow_commands": context.config.allow_commands,
        }

    def _later(self, pool: Pool, wait_s: float) -> None:
        if pool.timer is not None:
            pool.timer.cancel()
        pool.timer = asyncio.get_running_loop().call_later(wait_s, self.check, pool.lane)
