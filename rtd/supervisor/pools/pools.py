"""How many executors each lane has: kept at its minimum, grown on demand, healed after deaths.

Executors that have had no work for long end by themselves; those of the minimum are told to
wait for ever. A lane whose executors die as soon as they are born is started again ever more
slowly.
"""

import asyncio
import dataclasses
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from rtd.common.errors import StoreGone
from rtd.config.config import LaneConfig
from rtd.model.lanes import CONFIG_LANES, LOG_LANE, MAIN_LANE
from rtd.protocol.zygote_messages import LANE_SUFFIX_OPTION, SparesCommand, SpawnCommand
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import Executor, ExecutorExit, ExecutorPhase
from rtd.supervisor.core.jobs import SingleFlight
from rtd.supervisor.core.log import log
from rtd.supervisor.core.retry import Backoff
from rtd.supervisor.pools.zygotes import Zygotes

#: A zygote that has not answered an order to fork for so long has lost it.
PENDING_S: Final = 10.0
#: An executor that fails within this time of its birth counts as a crash of the lane.
CRASH_AGE_S: Final = 2.0
#: Wait before the next attempt after that many crashes in a row: doubled each time.
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 5.0
_LOG_ON: Final = LaneConfig(min=1, max=1)
_LOG_OFF: Final = LaneConfig(min=0, max=0)


@dataclass(slots=True)
class Pool:
    """What is remembered of one lane."""

    lane: str
    pending: list[float] = field(default_factory=list)
    backoff: Backoff = field(default_factory=lambda: Backoff(FIRST_WAIT_S, LONGEST_WAIT_S))
    not_before: float = 0.0
    timer: asyncio.TimerHandle | None = None


def missing_executors(settings: LaneConfig, alive: int, queued: int, idle: int) -> int:
    """How many executors to start so that what waits is served, within the lane's bounds.

    Args:
        alive: executors that take work, those on their way included.
        queued: runs that could start now. idle: executors that have nothing to do.
    """
    wanted = -(-queued // settings.concurrency) - idle
    room = settings.max - alive
    return max(settings.min - alive, min(wanted, room), 0)


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

    # --- what happens

    def check_all(self) -> None:
        """At the start, after Redis was away, with a new zygote: every lane is checked."""
        self._set_spares()
        for lane in self._pools:
            self.check(lane)

    def on_demand(self, lane: str) -> None:
        """Redis rang: work waits in a lane and nobody is idle there."""
        if lane in self._pools:
            self.check(lane)

    def on_executor_start(self, executor: Executor) -> None:
        """An executor that was ordered has come to life."""
        pool = self._pools.get(executor.lane)
        if pool is not None and pool.pending:
            pool.pending.pop(0)

    def on_executor_exit(self, gone: ExecutorExit, executor: Executor | None, busy: bool) -> None:
        """An executor has ended: its place is filled again at once if it is needed."""
        pool = self._pools.get(gone.lane)
        if pool is None:
            return
        self._count_crash(pool, gone, executor, busy)
        self.check(gone.lane)

    def on_zygote_exit(self) -> None:
        """What was ordered from it will not come."""
        for pool in self._pools.values():
            pool.pending.clear()

    def stop(self) -> None:
        """Start no more executors."""
        self._stopped = True
        for pool in self._pools.values():
            if pool.timer is not None:
                pool.timer.cancel()

    def add_shutdown_executors(self, lane: str, count: int, apart: str) -> None:
        """While the daemon ends: executors that take only runs whose lane has `apart` behind its
        name, as many as the lane may have at most."""
        zygote, pool = self._zygotes.current, self._pools[lane]
        if zygote is None or zygote.connection is None:
            return
        count = min(count, max(self._settings(pool).max, 1))
        options = {**self._options(pool, lasting=True), LANE_SUFFIX_OPTION: apart}
        pool.pending += [time.monotonic() + PENDING_S] * count
        zygote.connection.send(SpawnCommand(lane, options, count))

    def has_pending(self, lane: str) -> bool:
        """Whether an executor that was ordered has not come to life yet."""
        return self._on_their_way(self._pools[lane]) > 0

    def stop_spares(self) -> None:
        """While the daemon ends: an executor of the fresh lane that ends is not replaced."""
        zygote = self._zygotes.current
        if zygote is not None and zygote.connection is not None:
            options = self._options(self._pools["fresh"], lasting=True)
            zygote.connection.send(SparesCommand("fresh", 0, options))

    # --- decisions

    def check(self, lane: str) -> None:
        """Compare what a lane has with what it needs; calls that overlap become one."""
        if not self._stopped:
            self._checks[lane].request()

    async def _check_lane(self, pool: Pool) -> None:
        if not self._stopped:
            with suppress(StoreGone):  # when Redis is back, all lanes are checked
                await self._compare(pool)

    async def _compare(self, pool: Pool) -> None:
        settings = self._settings(pool)
        self._fill(pool, missing_executors(settings, self._alive(pool), 0, 0))
        if self._alive(pool) >= settings.max:
            return  # the ring stays as it is: nobody needs to ring a full lane again
        calls = self._context.commands
        # Cleared first: a submit after this rings again, one before it is in the load.
        _, load = await self._context.redis.execute_all(
            calls.clear_demand(pool.lane), calls.lane_load(pool.lane)
        )
        idle = load.idle + self._on_their_way(pool)
        self._fill(pool, missing_executors(settings, self._alive(pool), load.queued, idle))

    def _settings(self, pool: Pool) -> LaneConfig:
        """A lane that the app has no task for needs no executors in advance."""
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
        return self._on_their_way(pool) + sum(
            1 for e in self._context.executors.of_lane(pool.lane) if e.phase is ExecutorPhase.LIVE
        )

    def _on_their_way(self, pool: Pool) -> int:
        now = time.monotonic()
        pool.pending = [until for until in pool.pending if until > now]
        return len(pool.pending)

    # --- orders

    def _fill(self, pool: Pool, count: int) -> None:
        zygote = self._zygotes.current
        if count <= 0 or self._stopped or zygote is None or zygote.connection is None:
            return
        wait_s = pool.not_before - time.monotonic()
        if wait_s > 0:
            self._later(pool, wait_s)
            return
        settings = self._settings(pool)
        permanent = max(0, min(count, settings.min - self._alive(pool)))
        for number, lasting in ((permanent, True), (count - permanent, False)):
            if number:
                options = self._options(pool, lasting)
                zygote.connection.send(SpawnCommand(pool.lane, options, number))
        pool.pending += [time.monotonic() + PENDING_S] * count

    def _set_spares(self) -> None:
        """The zygote keeps spares of the fresh lane at strength by itself: it is faster."""
        zygote = self._zygotes.current
        pool = self._pools["fresh"]
        used = any(info.pool == "fresh" for info in self._context.manifest.tasks.values())
        if zygote is None or zygote.connection is None or self._stopped:
            return
        settings = self._context.config.lanes["fresh"]
        count = min(settings.min, settings.max) if used else 0
        zygote.connection.send(SparesCommand("fresh", count, self._options(pool, True)))

    def _options(self, pool: Pool, lasting: bool) -> dict[str, Any]:
        """What a new executor is told; see `rtd.executor.core.executor_options`."""
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
        }

    # --- lanes that crash

    def _count_crash(
        self, pool: Pool, gone: ExecutorExit, executor: Executor | None, busy: bool
    ) -> None:
        failed = gone.code not in (0, None) or gone.signal is not None
        ours = executor is not None and executor.phase is ExecutorPhase.KILLED
        age_s = CRASH_AGE_S if executor is None else (time.monotonic_ns() - executor.born_ns) / 1e9
        if not failed or busy or ours or age_s >= CRASH_AGE_S:
            pool.backoff.reset()
            return
        wait_s = pool.backoff.next_s()
        pool.not_before = time.monotonic() + wait_s
        log.error(
            "a %s executor (pid %d) failed as soon as it was born; the next in %.1f s",
            pool.lane, gone.pid, wait_s,
        )  # fmt: skip

    def _later(self, pool: Pool, wait_s: float) -> None:
        if pool.timer is not None:
            pool.timer.cancel()
        pool.timer = asyncio.get_running_loop().call_later(wait_s, self.check, pool.lane)
