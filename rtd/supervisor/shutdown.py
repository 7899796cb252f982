"""How a daemon ends: take no more, let runs finish, stop the rest, leave nothing behind."""

import asyncio
import time
from collections.abc import Callable

from rtd.common.errors import StoreGone
from rtd.model.lanes import LOG_LANE
from rtd.model.run_record import decode_record
from rtd.process.board.board import SlotSnapshot
from rtd.supervisor.core.log import log
from rtd.supervisor.core.run_helpers import policies_of
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.node import Node
from rtd.supervisor.shutdown_tasks import ShutdownTasks

#: When the grace is over, a run that is asked to stop has at most this long.
STOP_GRACE_S = 2.0
#: How long executors may take to report and end once their runs are over.
REPORT_S = 15.0
#: How long the task log may take to write its last records.
LOG_S = 6.0
#: The same when everything is to end at once.
LOG_HURRY_S = 1.0
_POLL_S = 0.02


class Shutdown:
    """One shutdown.

    Args:
        node: what ends.
        grace_s: how long runs may go on before they are stopped, and how long what the app
            does on shutdown may take after that.
    """

    def __init__(self, node: Node, grace_s: float) -> None:
        self._node = node
        self._grace_s = grace_s
        self._until = time.monotonic() + grace_s
        self._shutdown_tasks: asyncio.Future[None] | None = None
        self._at_once = False

    def force(self) -> None:
        """Somebody asked twice: kill what still runs now."""
        if not self._at_once:
            log.warning("asked again: ending everything at once")
        self._at_once = True
        self._until = 0.0
        if self._shutdown_tasks is not None:
            self._shutdown_tasks.cancel()
        self._node.stops.end_grace()

    async def run(self) -> None:
        """Go through all phases; returns when no executor is left."""
        node = self._node
        node.context.gate.drain()
        node.pools.stop()
        closing = ShutdownTasks(node)
        last = node.zygotes.current if closing.is_wanted else None
        for zygote in node.zygotes.living:
            if zygote is last:
                node.pools.stop_spares()
                node.zygotes.retire_executors(zygote)
            else:
                node.zygotes.retire(zygote)
        await self._let_finish()
        await self._stop_the_rest()
        if last is not None:
            await self._run_shutdown_tasks(closing)
            node.zygotes.retire(last)
            await self._stop_the_rest()
        await self._settle_all()
        await self._end_log()

    async def _run_shutdown_tasks(self, closing: ShutdownTasks) -> None:
        """What the app does at its end, unless everything is to end at once."""
        if self._at_once:
            return
        self._shutdown_tasks = asyncio.ensure_future(closing.run(self._grace_s))
        await asyncio.wait((self._shutdown_tasks,))
        if (
            not self._shutdown_tasks.cancelled()
            and (error := self._shutdown_tasks.exception()) is not None
        ):
            log.error("what runs on shutdown failed", exc_info=error)

    async def _let_finish(self) -> None:
        going = len(self._node.context.board.scan())
        if going:
            left_s = max(0.0, self._until - time.monotonic())
            log.info("%d runs are going; they have %.0f s to finish", going, left_s)
        await _until(lambda: not self._node.context.board.scan(), lambda: self._until)

    async def _stop_the_rest(self) -> None:
        """Ask what still runs, and kill what does not listen."""
        stops = []
        for seen in self._node.context.board.scan():
            requeue = await self._may_requeue(seen)
            why = "the daemon was shut down"
            intent = Intent("drain", why, time.time(), requeue=requeue)
            grace_s = 0.0 if self._at_once else STOP_GRACE_S
            log.warning("run %s is stopped: %s", seen.run_id, why)
            stops.append(self._node.stops.stop_run(seen.run_id, intent, grace_s))
        waits = [self._node.stops.wait(stop) for stop in stops]
        for failure in await asyncio.gather(*waits, return_exceptions=True):
            if isinstance(failure, Exception):
                log.error("a run could not be stopped", exc_info=failure)

    async def _may_requeue(self, seen: SlotSnapshot) -> bool:
        context = self._node.context
        try:
            blob = await context.execute(context.commands.get_record(seen.run_id))
        except StoreGone:
            return False
        return (
            blob is not None and policies_of(context, decode_record(blob).spec).on_lost == "requeue"
        )

    async def _settle_all(self) -> None:
        """Executors end when they have reported; what they leave is settled."""
        context, settler = self._node.context, self._node.settler
        until = time.monotonic() + REPORT_S

        def over() -> bool:
            left = len(context.executors) - len(context.executors.of_lane(LOG_LANE))
            return not context.redis.connected.is_set() or not (left or settler.pending)

        await _until(over, lambda: until)
        if not context.redis.connected.is_set():
            log.warning("Redis is away: what runs report now is settled at the next start")

    async def _end_log(self) -> None:
        """All ends have been told: the task log is written to its end. What it does not get
        done in time it finds again when the daemon is started."""
        context = self._node.context
        for executor in context.executors.of_lane(LOG_LANE):
            self._node.zygotes.retire_executor(executor)
        began_s = time.monotonic()

        def limit() -> float:
            return began_s + (LOG_HURRY_S if self._at_once else LOG_S)

        await _until(lambda: not context.executors.of_lane(LOG_LANE), limit)


async def _until(over: Callable[[], bool], limit: Callable[[], float]) -> None:
    """Look again and again until it is over, or the time (monotonic) has come."""
    loop = asyncio.get_running_loop()
    while not over() and time.monotonic() < limit():
        pause: asyncio.Future[None] = loop.create_future()
        loop.call_later(_POLL_S, pause.set_result, None)
        await pause
