"""Reactions to the starts and ends of executors and zygotes."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rtd.common.errors import AppError, InternalError
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorExit, ExecutorPhase
from rtd.supervisor.core.log import log
from rtd.supervisor.core.retry import Backoff
from rtd.supervisor.ending.settle import Settler
from rtd.supervisor.ending.settle_decision import describe_exit
from rtd.supervisor.ending.stops import Stops
from rtd.supervisor.pools.orphans import end_orphans
from rtd.supervisor.pools.pools import Pools
from rtd.supervisor.pools.zygote_registry import ZygoteRecord
from rtd.supervisor.pools.zygotes import Zygotes

#: A zygote that ends within this time of its start counts as a crash of the app.
CRASH_AGE_S: Final = 5.0
#: The wait before another zygote is started after a crash; it doubles with each in a row.
FIRST_RESPAWN_S: Final = 0.2
LONGEST_RESPAWN_S: Final = 10.0


class ZygoteEvents:
    """The listener of all zygotes: refills lanes, settles runs, replaces a dead zygote.

    Args:
        context: what the parts of the supervisor share.
        zygotes, pools, stops, settler: the parts that must know of an exit.
        activate: makes a zygote the one that serves.
    """

    def __init__(
        self,
        context: SupervisorContext,
        zygotes: Zygotes,
        pools: Pools,
        stops: Stops,
        settler: Settler,
        activate: Callable[[ZygoteRecord], None],
    ) -> None:
        self._context = context
        self._zygotes = zygotes
        self._pools = pools
        self._stops = stops
        self._settler = settler
        self._activate = activate
        self._respawn_pause = Backoff(FIRST_RESPAWN_S, LONGEST_RESPAWN_S)

    def on_executor_start(self, executor: ExecutorEntry) -> None:
        """Tell its lane that an executor has started."""
        log.debug("%s executor %d is born", executor.lane, executor.pid)
        self._pools.on_executor_start(executor)

    def on_executor_exit(self, zygote: ZygoteRecord, executor_exit: ExecutorExit) -> None:
        """Refill the lane of an executor that has ended, and settle its runs; after that let the
        zygote forget it."""
        self._handle_exit(executor_exit, lambda: self._zygotes.ack(zygote, executor_exit.exec_id))

    def _handle_exit(self, executor_exit: ExecutorExit, done: Callable[[], None]) -> None:
        executor = self._context.executors.remove(executor_exit.exec_id)
        if executor is not None:
            _log_exit(executor_exit, executor)
            if executor.phase is ExecutorPhase.KILLED:
                executor_exit = replace(executor_exit, why=executor.why)
        self._stops.on_executor_exit(executor_exit.exec_id)
        self._settler.settle(executor_exit, done)
        self._pools.on_executor_exit(executor_exit, executor, busy=bool(executor_exit.runs))

    def on_zygote_exit(self, zygote: ZygoteRecord) -> None:
        """End the executors of a zygote that has died, and start another one in its place."""
        context = self._context
        below = context.executors.of_generation(zygote.generation)
        context.manifests.pop(zygote.generation, None)
        context.executors.changes.notify()
        if zygote.retiring and not below:
            return
        log.error("the zygote (pid %d) died with %d executors", zygote.pid, len(below))
        self._pools.on_zygote_exit()
        for executor_exit in end_orphans(context, below, zygote.pid):
            self._handle_exit(executor_exit, lambda: None)
        if self._zygotes.current is None and not context.gate.is_draining:
            context.jobs.start_lasting(lambda: self._respawn(zygote), "starting a zygote")

    async def _respawn(self, dead: ZygoteRecord) -> None:
        """Start another zygote; the more of them crash in a row, the longer is the wait."""
        if 0 <= time.time() - dead.started_at < CRASH_AGE_S:  # below 0: the clock was set back
            await self._respawn_pause.wait()
        else:
            self._respawn_pause.reset()
        zygote = self._zygotes.spawn(self._context.app)
        try:
            await self._zygotes.wait_hello(zygote)
        except AppError as error:
            log.error("%s; until it does only shell commands are run", error)
        except InternalError:
            return  # it has died, too, and `on_zygote_exit` is called again
        self._activate(zygote)


def _log_exit(executor_exit: ExecutorExit, executor: ExecutorEntry) -> None:
    if executor.phase is ExecutorPhase.KILLED:
        log.info(
            "%s executor %d was ended: %s", executor_exit.lane, executor_exit.pid, executor.why
        )
    elif executor_exit.code == 0:
        log.debug("%s executor %d has ended in order", executor_exit.lane, executor_exit.pid)
    else:
        log.warning("%s executor died: %s", executor_exit.lane, describe_exit(executor_exit))
