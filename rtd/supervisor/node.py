"""All parts of the supervisor together, and who hears what."""

import asyncio
import time
from collections.abc import Callable

from rtd.common.errors import AppError, InternalError, RtdError, StoreGone, WrongState
from rtd.process.tree.process_identity import same_process
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import Executor, ExecutorExit, ExecutorPhase
from rtd.supervisor.core.log import log
from rtd.supervisor.core.retry import Backoff
from rtd.supervisor.core.run_waiters import RunWaiters
from rtd.supervisor.ending.limit_watcher import LimitWatcher
from rtd.supervisor.ending.settle import Settler
from rtd.supervisor.ending.settle_decision import describe_exit
from rtd.supervisor.ending.stops import Stops
from rtd.supervisor.lifecycle.redis_server import RedisServer
from rtd.supervisor.lifecycle.shutdown_tasks import ShutdownTasks
from rtd.supervisor.lifecycle.startup_tasks import StartupTasks
from rtd.supervisor.pools.generation_records import ZygoteRecord
from rtd.supervisor.pools.orphans import end_orphans
from rtd.supervisor.pools.pools import Pools
from rtd.supervisor.pools.reload import Reloader
from rtd.supervisor.pools.task_file_watcher import TaskFileWatcher
from rtd.supervisor.pools.zygotes import Zygotes
from rtd.supervisor.runs.delay_and_expiry import RunTimers
from rtd.supervisor.runs.event_tail import EventTail
from rtd.supervisor.runs.internal_runs import InternalRuns
from rtd.supervisor.runs.kept_results import KeptResults
from rtd.supervisor.runs.task_log import TaskLogMonitor
from rtd.supervisor.scheduler.custom_condition_cycle import CustomConditionCycle
from rtd.supervisor.scheduler.halt import HaltHandler
from rtd.supervisor.scheduler.scheduler import TaskScheduler
from rtd.supervisor.shutdown import Shutdown, ShutdownRequest

#: An executor that Redis knows and we do not may just have been born: looked at twice.
RECHECK_S = 1.0
#: A zygote that dies within this time of its start counts as a crash of the app.
ZYGOTE_CRASH_S = 5.0
FIRST_RESPAWN_S = 0.2
LONGEST_RESPAWN_S = 10.0


class Node:
    """One daemon. Its parts know the context and what they are given, not each other.

    Args:
        context: what the parts of the supervisor share.
        engine: Redis as this daemon sees it.
    """

    def __init__(self, context: SupervisorContext, engine: RedisServer) -> None:
        self.context = context
        self.redis_server = engine
        self.zygotes = Zygotes(context, self)
        self.pools = Pools(context, self.zygotes)
        self.stops = Stops(context, self.zygotes, self.pools.check)
        self.settler = Settler(context, self.stops.intent_of)
        self.waiters = RunWaiters(context)
        self.run_timers = RunTimers(context)
        self.internal_runs = InternalRuns(context)
        self.scheduler = TaskScheduler(context)
        self.custom_cycle = CustomConditionCycle(context, self.internal_runs, self.scheduler)
        self.halt_handler = HaltHandler(context, self.scheduler)
        self.startup_tasks = StartupTasks(
            context,
            self.internal_runs,
            self.waiters,
            self.scheduler,
            self.zygotes.retire_executor,
        )
        self.shutdown_tasks = ShutdownTasks(
            context, self.internal_runs, self.waiters, self.zygotes, self.pools
        )
        self.kept_results = KeptResults(context)
        self.limit_watcher = LimitWatcher(context, self.stops, self.scheduler.view_of_run)
        self.event_tail = EventTail(context)
        self.task_log = TaskLogMonitor(context)
        self.reloader = Reloader(context, self.zygotes, self.activate_zygote)
        self.task_file_watcher = TaskFileWatcher(context, self.reloader)
        self.shutdown_request = ShutdownRequest()
        self._respawn_pause = Backoff(FIRST_RESPAWN_S, LONGEST_RESPAWN_S)

    # --- what the zygotes say

    def on_executor_start(self, executor: Executor) -> None:
        """An executor has come to life."""
        log.debug("%s executor %d is born", executor.lane, executor.pid)
        self.pools.on_executor_start(executor)

    def on_executor_exit(self, zygote: ZygoteRecord, gone: ExecutorExit) -> None:
        """An executor has ended: refill its lane at once, settle its runs, then let the
        zygote forget it."""
        self._handle_exit(gone, lambda: self.zygotes.ack(zygote, gone.exec_id))

    def _handle_exit(self, gone: ExecutorExit, done: Callable[[], None]) -> None:
        executor = self.context.executors.remove(gone.exec_id)
        if executor is not None:
            self._log_exit(gone, executor)
        self.stops.on_executor_exit(gone.exec_id)
        self.settler.settle(gone, done)
        self.pools.on_executor_exit(gone, executor, busy=bool(gone.runs))

    def _log_exit(self, gone: ExecutorExit, executor: Executor) -> None:
        if executor.phase is ExecutorPhase.KILLED:
            log.info("%s executor %d was ended: %s", gone.lane, gone.pid, executor.why)
        elif gone.code == 0:
            log.debug("%s executor %d has ended in order", gone.lane, gone.pid)
        else:
            log.warning("%s executor died: %s", gone.lane, describe_exit(gone))

    def on_zygote_exit(self, zygote: ZygoteRecord) -> None:
        """A zygote has died: what it had below it is ended, and another one takes its place."""
        context = self.context
        below = context.executors.of_generation(zygote.generation)
        context.manifests.pop(zygote.generation, None)
        if zygote.retiring and not below:
            return
        context.executors.changes.notify()
        log.error("the zygote (pid %d) died with %d executors", zygote.pid, len(below))
        self.pools.on_zygote_exit()
        for gone in end_orphans(context, below):
            self._handle_exit(gone, lambda: None)
        if self.zygotes.current is None and not context.gate.is_draining:
            context.jobs.start(self._respawn(zygote), "starting a zygote")

    async def _respawn(self, dead: ZygoteRecord) -> None:
        """Start another zygote; the faster they die the later."""
        context = self.context
        if time.time() - dead.started_at < ZYGOTE_CRASH_S:
            await self._respawn_pause.wait()
        else:
            self._respawn_pause.reset()
        zygote = self.zygotes.spawn(context.app)
        try:
            await self.zygotes.wait_hello(zygote)
        except AppError as error:
            log.error("%s; until it does only shell commands are run", error)
        except InternalError:
            return  # it has died, too, and this is called again
        self.activate_zygote(zygote)

    async def start_app(self) -> None:
        """Start a zygote for the app and fork from it as soon as it is ready.

        Raises:
            AppError: the app does not import.
            InternalError: the zygote ended before it was ready.
        """
        zygote = self.zygotes.spawn(self.context.app)
        await self.zygotes.wait_hello(zygote)
        self.activate_zygote(zygote)

    def new_shutdown(self, grace_s: float) -> Shutdown:
        """Return the shutdown of this daemon; see `Shutdown`."""
        return Shutdown(
            self.context, self.zygotes, self.pools, self.stops, self.settler,
            self.shutdown_tasks, grace_s,
        )  # fmt: skip

    def reload_soon(self) -> None:
        """Reload the app beside everything else; the log says what became of it."""
        self.context.jobs.start(self._reload(), "reloading")

    async def _reload(self) -> None:
        try:
            await self.reloader.reload()
        except WrongState as error:
            log.info("%s", error)
        except RtdError:
            pass  # it is in the log, and in what `info` says

    def activate_zygote(self, zygote: ZygoteRecord) -> None:
        """New executors come from this zygote, unless a newer one serves; the others fork no
        more and end with their last executor."""
        current = self.zygotes.current
        if current is not None and current.generation > zygote.generation:
            self.zygotes.retire(zygote)
            return
        self.zygotes.set_current(zygote)
        if zygote.process is not None and zygote.manifest is not None:  # not one of before
            self.context.faults.reset(zygote.manifest.info.faults)
        self.task_log.on_app_change(fresh=zygote.process is not None)
        self.kept_results.on_app_change()
        self.scheduler.on_app_change()
        self.startup_tasks.on_app_change()
        for other in self.zygotes.living:
            if other.generation < zygote.generation and other.greeted.is_set():
                self.zygotes.retire(other)
        self.task_file_watcher.on_app_change()
        if not self.context.gate.is_draining:
            self.pools.check_all()

    # --- Redis is (back) there

    def resync(self) -> None:
        """Rings may have been lost: look at everything that they could have told."""
        self.context.jobs.start(self._resync(), "looking at everything in Redis")

    async def _resync(self) -> None:
        try:
            await self.context.redis.connected.wait()
            self.internal_runs.resync()
            await self.run_timers.resync()
            await self.waiters.resync()
            self.kept_results.resync()
            self.scheduler.resync()
            self.pools.check_all()
            await self.settle_unknown()
        except StoreGone:
            pass  # the next connection looks again

    async def settle_unknown(self) -> None:
        """Executors of this node that Redis knows and nobody else does have died unseen.

        One that was only just born is met here, too; it is looked at twice.
        """
        if not await self._unknown():
            return
        await asyncio.sleep(RECHECK_S)
        for exec_id, lane in await self._unknown():
            log.warning("%s executor %s is gone, nobody knows how", lane, exec_id)
            self.settler.settle(ExecutorExit(exec_id, lane, 0, slots_read=False), lambda: None)

    async def _unknown(self) -> list[tuple[str, str]]:
        context = self.context
        rows = await context.execute(context.commands.list_executors())
        alive = {s.exec_id for s in context.board.owned_slots() if same_process(s.pid, s.ticks)}
        return [
            (row.exec, row.lane)
            for row in rows
            if row.node == context.config.node
            and row.exec not in context.executors
            and row.exec not in alive
            and not self.settler.is_settling(row.exec)
        ]

    async def settle_fenced(self) -> None:
        """What an earlier supervisor had fenced and not yet settled."""
        for exec_id in await self.context.execute(self.context.commands.list_fenced()):
            if exec_id not in self.context.executors:
                self.settler.settle(ExecutorExit(exec_id, "", 0, slots_read=False), lambda: None)
