"""All parts of the supervisor together, and who hears what."""

import asyncio
import time
from collections.abc import Callable

from rtd.common.errors import AppError, InternalError, RtdError, StoreGone, WrongState
from rtd.process.tree.process_identity import same_process
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.executor_registry import Executor, Gone, Phase
from rtd.supervisor.core.log import log
from rtd.supervisor.core.run_waiters import Waiters
from rtd.supervisor.ending.limit_watcher import Watch
from rtd.supervisor.ending.settle import Settler
from rtd.supervisor.ending.settle_decision import how_it_ended
from rtd.supervisor.ending.stops import Stops
from rtd.supervisor.internal.app_hooks import AppHooks
from rtd.supervisor.internal.internal_runs import InnerRuns
from rtd.supervisor.lifecycle.redis_server import Engine
from rtd.supervisor.lifecycle.startup_tasks import Opening
from rtd.supervisor.pools.generation_records import Zygote
from rtd.supervisor.pools.orphans import end_orphans
from rtd.supervisor.pools.pools import Pools
from rtd.supervisor.pools.reload import Reloads
from rtd.supervisor.pools.task_file_watcher import TaskFiles
from rtd.supervisor.pools.zygotes import Zygotes
from rtd.supervisor.runs.delay_and_expiry import Timers
from rtd.supervisor.runs.event_tail import EventTail
from rtd.supervisor.runs.kept_results import Parameters
from rtd.supervisor.runs.task_log import TaskLog
from rtd.supervisor.scheduler.custom_condition_cycle import Cycle
from rtd.supervisor.scheduler.halt import Halting
from rtd.supervisor.scheduler.scheduler import Scheduler

#: An executor that Redis knows and we do not may just have been born: looked at twice.
SECOND_LOOK_S = 1.0
#: A zygote that dies within this time of its start counts as a crash of the app.
ZYGOTE_INFANT_S = 5.0
LONGEST_RESPAWN_S = 10.0


class Ending:
    """That this daemon is to end, and how; set by signals and by the verb `shutdown`.

    Attributes:
        wanted: set when it is to end.
        grace_s: how long runs may go on; None: the configured grace.
        keep_running: executors and Redis stay for the next daemon.
        hurry: called when somebody asks a second time.
    """

    def __init__(self) -> None:
        self.wanted = asyncio.Event()
        self.grace_s: float | None = None
        self.keep_running = False
        self.hurry: Callable[[], None] | None = None

    def ask(self, grace_s: float | None = None, keep_running: bool = False) -> None:
        """Somebody wants it to end."""
        if self.wanted.is_set():
            if self.hurry is not None:
                self.hurry()
            return
        self.grace_s, self.keep_running = grace_s, keep_running
        self.wanted.set()


class Node:
    """One daemon. Its parts know the core and what they are given, not each other.

    Args:
        core: the shared ground.
        engine: Redis as this daemon sees it.
    """

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self.zygotes = Zygotes(core, self)
        self.pools = Pools(core, self.zygotes)
        self.stops = Stops(core, self.zygotes, self.pools.look)
        self.settler = Settler(core, self.stops.note_of)
        self.waiters = Waiters(core)
        self.timers = Timers(core)
        self.inner = InnerRuns(core)
        self.app_hooks = AppHooks(core, self.inner)
        self.scheduler = Scheduler(core)
        self.cycle = Cycle(core, self.inner, self.scheduler)
        self.halting = Halting(core, self.scheduler)
        self.opening = Opening(
            core,
            self.scheduler,
            self.app_hooks,
            self.inner,
            self.waiters,
            self.zygotes.retire_executor,
        )
        self.parameters = Parameters(core)
        self.watch = Watch(core, self.stops, self.scheduler.view_of_run)
        self.tail = EventTail(core)
        self.task_log = TaskLog(core)
        self.reloads = Reloads(core, self.zygotes, self.serve_from)
        self.task_files = TaskFiles(core, self.reloads)
        self.ending = Ending()
        self._zygote_crashes = 0

    # --- what the zygotes say

    def on_born(self, executor: Executor) -> None:
        """An executor has come to life."""
        log.debug("%s executor %d is born", executor.lane, executor.pid)
        self.pools.born(executor)

    def on_gone(self, zygote: Zygote, gone: Gone) -> None:
        """An executor has ended: refill its lane at once, settle its runs, then let the
        zygote forget it."""
        self._ended(gone, lambda: self.zygotes.ack(zygote, gone.exec_id))

    def _ended(self, gone: Gone, done: Callable[[], None]) -> None:
        executor = self.core.executors.remove(gone.exec_id)
        if executor is not None:
            self._tell(gone, executor)
        self.stops.executor_gone(gone.exec_id)
        self.settler.start(gone, done)
        self.pools.gone(gone, executor, busy=bool(gone.runs))

    def _tell(self, gone: Gone, executor: Executor) -> None:
        if executor.phase is Phase.KILLED:
            log.info("%s executor %d was ended: %s", gone.lane, gone.pid, executor.why)
        elif gone.code == 0:
            log.debug("%s executor %d has ended in order", gone.lane, gone.pid)
        else:
            log.warning("%s executor died: %s", gone.lane, how_it_ended(gone))

    def on_zygote_dead(self, zygote: Zygote) -> None:
        """A zygote has died: what it had below it is ended, and another one takes its place."""
        core = self.core
        below = core.executors.of_generation(zygote.generation)
        core.manifests.pop(zygote.generation, None)
        if zygote.retiring and not below:
            return
        log.error("the zygote (pid %d) died with %d executors", zygote.pid, len(below))
        self.pools.zygote_dead()
        for gone in end_orphans(core, below):
            self._ended(gone, lambda: None)
        if self.zygotes.current is None and not core.draining:
            core.jobs.start(self._respawn(zygote), "starting a zygote")

    async def _respawn(self, dead: Zygote) -> None:
        """Start another zygote; the faster they die the later."""
        core = self.core
        infant = time.time() - dead.started_at < ZYGOTE_INFANT_S
        self._zygote_crashes = self._zygote_crashes + 1 if infant else 0
        if self._zygote_crashes:
            await asyncio.sleep(min(0.1 * 2.0**self._zygote_crashes, LONGEST_RESPAWN_S))
        zygote = self.zygotes.spawn(core.app)
        try:
            await self.zygotes.greeting(zygote)
        except AppError as error:
            log.error("%s; until it does only shell commands are run", error)
        except InternalError:
            return  # it has died, too, and this is called again
        self.serve_from(zygote)

    async def serve_app(self) -> None:
        """Start a zygote for the app and fork from it as soon as it is ready.

        Raises:
            AppError: the app does not import.
            InternalError: the zygote ended before it was ready.
        """
        zygote = self.zygotes.spawn(self.core.app)
        await self.zygotes.greeting(zygote)
        self.serve_from(zygote)

    def reload_soon(self) -> None:
        """Reload the app beside everything else; the log says what became of it."""
        self.core.jobs.start(self._reload(), "reloading")

    async def _reload(self) -> None:
        try:
            await self.reloads.reload()
        except WrongState as error:
            log.info("%s", error)
        except RtdError:
            pass  # it is in the log, and in what `info` says

    def serve_from(self, zygote: Zygote) -> None:
        """New executors come from this zygote, unless a newer one serves; the others fork no
        more and end with their last executor."""
        current = self.zygotes.current
        if current is not None and current.generation > zygote.generation:
            self.zygotes.retire(zygote)
            return
        self.zygotes.serve_from(zygote)
        if zygote.process is not None and zygote.manifest is not None:  # not one of before
            self.core.faults.begin(zygote.manifest.info.faults)
        self.task_log.serve(fresh=zygote.process is not None)
        self.parameters.serve()
        self.scheduler.serve()
        self.opening.serve()
        for other in self.zygotes.living:
            if other.generation < zygote.generation and other.greeted.is_set():
                self.zygotes.retire(other)
        self.task_files.serve()
        if not self.core.draining:
            self.pools.look_at_all()

    # --- Redis is (back) there

    def look_again(self) -> None:
        """Rings may have been lost: look at everything that they could have told."""
        self.core.jobs.start(self._look_again(), "looking at everything in Redis")

    async def _look_again(self) -> None:
        try:
            await self.core.redis.connected.wait()
            self.inner.look_again()
            await self.timers.look_again()
            await self.waiters.look_again()
            self.parameters.look_again()
            self.scheduler.look_again()
            self.pools.look_at_all()
            await self.settle_unknown()
        except StoreGone:
            pass  # the next connection looks again

    async def settle_unknown(self) -> None:
        """Executors of this node that Redis knows and nobody else does have died unseen.

        One that was only just born is met here, too; it is looked at twice.
        """
        if not await self._unknown():
            return
        await asyncio.sleep(SECOND_LOOK_S)
        for exec_id, lane in await self._unknown():
            log.warning("%s executor %s is gone, nobody knows how", lane, exec_id)
            self.settler.start(Gone(exec_id, lane, 0, seen=False), lambda: None)

    async def _unknown(self) -> list[tuple[str, str]]:
        core = self.core
        rows = await core.ask(core.calls.execs())
        alive = {s.exec_id for s in core.board.owned() if same_process(s.pid, s.ticks)}
        return [
            (row.exec, row.lane)
            for row in rows
            if row.node == core.config.node
            and row.exec not in core.executors
            and row.exec not in alive
            and not self.settler.is_going(row.exec)
        ]

    async def settle_fenced(self) -> None:
        """What an earlier supervisor had fenced and not yet settled."""
        for exec_id in await self.core.ask(self.core.calls.fenced()):
            if exec_id not in self.core.executors:
                self.settler.start(Gone(exec_id, "", 0, seen=False), lambda: None)
