"""How a daemon ends: take no more runs, let them finish, stop the rest, leave nothing behind."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from rtd.common.errors import StoreError, StoreGone
from rtd.common.format_units import format_count
from rtd.model.lanes import LOG_LANE
from rtd.model.run_record import RunRecord
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log
from rtd.supervisor.core.run_helpers import policies_of
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.ending.settle import Settler
from rtd.supervisor.ending.stops import Stops
from rtd.supervisor.lifecycle.local_tasks import LocalTasks
from rtd.supervisor.lifecycle.shutdown_tasks import ShutdownTasks
from rtd.supervisor.pools.pools import Pools
from rtd.supervisor.pools.zygotes import Zygotes

#: After the grace, a run that must stop has at most this long before it is killed.
STOP_GRACE_S: Final = 2.0
#: How long executors may take to report and end once their runs are over.
REPORT_S: Final = 15.0
#: How long the task log may take to write its last records.
LOG_S: Final = 6.0
#: The same when everything must end at once.
LOG_HURRY_S: Final = 1.0
#: Why a run ends that goes on when the grace is over.
STOPPED: Final = "the daemon was shut down"
#: The log names so many of them.
NAMED: Final = 3
_POLL_S: Final = 0.02
#: Looks at the board take at most one part in so many of the time.
_SHARE: Final = 10


class ShutdownRequest:
    """A request to end this daemon; made by signals and by the verb `shutdown`.

    Attributes:
        requested: set when the daemon must end.
        grace_s: how long runs may go on; None: the configured grace.
        keep_running: executors and Redis stay for the next daemon.
        on_repeat: called when the end is requested a second time.
    """

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self.grace_s: float | None = None
        self.keep_running = False
        self.on_repeat: Callable[[], None] | None = None

    def request(self, grace_s: float | None = None, keep_running: bool = False) -> None:
        """End the daemon; if that is requested already, end it at once."""
        if self.requested.is_set():
            if self.on_repeat is not None:
                self.on_repeat()
            return
        self.grace_s, self.keep_running = grace_s, keep_running
        self.requested.set()


class Shutdown:
    """One shutdown.

    Args:
        context: what the parts of the supervisor share.
        zygotes, pools, stops, settler: the parts that are shut down.
        shutdown_tasks: run when all other runs are over.
        local_tasks: would go on for ever, and end at once.
        grace_s: how long runs may go on before they are stopped, and how long the hooks and
            tasks on shutdown may take after that.
    """

    def __init__(
        self,
        context: SupervisorContext,
        zygotes: Zygotes,
        pools: Pools,
        stops: Stops,
        settler: Settler,
        shutdown_tasks: ShutdownTasks,
        local_tasks: LocalTasks,
        grace_s: float,
    ) -> None:
        self._context = context
        self._zygotes = zygotes
        self._pools = pools
        self._stops = stops
        self._settler = settler
        self._shutdown_tasks = shutdown_tasks
        self._local_tasks = local_tasks
        self._grace_s = grace_s
        self._until = time.monotonic() + grace_s
        self._running_tasks: asyncio.Future[None] | None = None
        self._is_forced = False

    def force(self) -> None:
        """Kill now what still runs: the end was requested twice."""
        if not self._is_forced:
            log.warning("asked again: ending everything at once")
        self._is_forced = True
        self._until = 0.0
        if self._running_tasks is not None:
            self._running_tasks.cancel()
        self._stops.end_grace()

    async def run(self) -> None:
        """Go through all phases; returns when no executor is left."""
        self._context.gate.drain()
        self._context.jobs.start(self._take_back_offer(), "taking back offers to clients")
        self._pools.stop()
        self._local_tasks.drain()
        last = self._zygotes.current if self._shutdown_tasks.is_wanted else None
        for zygote in self._zygotes.living:
            if zygote is last:
                self._pools.stop_spares()
                self._zygotes.retire_executors(zygote)
            else:
                self._zygotes.retire(zygote)
        await self._let_finish()
        await self._stop_the_rest()
        if last is not None:
            await self._run_shutdown_tasks()
            self._zygotes.retire(last)
            await self._stop_the_rest()
        await self._settle_all()
        await self._end_log()

    async def _take_back_offer(self) -> None:
        with suppress(StoreGone):
            await self._context.renew_offer()

    async def _run_shutdown_tasks(self) -> None:
        """Run the hooks and tasks on shutdown, unless everything must end at once."""
        if self._is_forced:
            return
        self._running_tasks = asyncio.ensure_future(self._shutdown_tasks.run(self._grace_s))
        await asyncio.wait((self._running_tasks,))
        if not self._running_tasks.cancelled():
            error = self._running_tasks.exception()
            if error is not None:
                log.error("what runs on shutdown failed", exc_info=error)

    async def _let_finish(self) -> None:
        local = self._local_tasks.run_ids()  # these are being stopped already
        running = sum(1 for seen in self._context.busy_slots() if seen.run_id not in local)
        if running:
            left_s = max(0.0, self._until - time.monotonic())
            verbs = "is going; it has" if running == 1 else "are going; they have"
            log.info("%s %s %.0f s to finish", format_count(running, "run"), verbs, left_s)
        await self._wait(lambda: not self._context.busy_slots(), lambda: self._until)

    async def _stop_the_rest(self) -> None:
        """Ask the runs that go on to stop, all at once, and kill those that do not."""
        run_ids = [seen.run_id for seen in self._context.busy_slots()]
        records = await asyncio.gather(*map(self._read, run_ids))
        if run_ids:
            log.warning("%s: %s", _stopped_text(run_ids), STOPPED)
        stops = []
        for run_id, read in zip(run_ids, records, strict=True):
            intent = Intent("drain", STOPPED, time.time(), requeue=self._may_requeue(read))
            grace_s = 0.0 if self._is_forced else STOP_GRACE_S
            stops.append(self._stops.stop_run(run_id, intent, grace_s, read))
        waits = [self._stops.wait(stop) for stop in stops]
        for failure in await asyncio.gather(*waits, return_exceptions=True):
            if isinstance(failure, Exception):
                log.error("a run could not be stopped", exc_info=failure)

    async def _read(self, run_id: str) -> tuple[bytes, RunRecord] | None:
        """Return the record of a run, as it is stored and decoded; None: it cannot be read now."""
        context = self._context
        try:
            blob = await context.batch.execute(context.commands.get_record(run_id))
        except (StoreGone, StoreError):
            return None
        record = readable_record(run_id, blob)
        return None if record is None else (blob, record)

    def _may_requeue(self, read: tuple[bytes, RunRecord] | None) -> bool:
        return read is not None and policies_of(self._context, read[1].spec).on_lost == "requeue"

    async def _settle_all(self) -> None:
        """Wait until executors have reported and ended, and their unfinished runs are settled."""
        context, settler = self._context, self._settler
        until = time.monotonic() + REPORT_S

        def is_over() -> bool:
            left = len(context.executors) - len(context.executors.of_lane(LOG_LANE))
            return not context.redis.connected.is_set() or not (left or settler.pending)

        await self._wait(is_over, lambda: until)
        if not context.redis.connected.is_set():
            log.warning("Redis is away: what runs report now is settled at the next start")

    async def _end_log(self) -> None:
        """Let the task log be written to its end. Entries that it cannot write in time are
        written at the next start of the daemon."""
        executors = self._context.executors
        for executor in executors.of_lane(LOG_LANE):
            self._zygotes.retire_executor(executor)
        began_s = time.monotonic()

        def limit() -> float:
            return began_s + (LOG_HURRY_S if self._is_forced else LOG_S)

        await self._wait(lambda: not executors.of_lane(LOG_LANE), limit)

    async def _wait(self, is_over: Callable[[], bool], limit: Callable[[], float]) -> None:
        """Wait until a condition holds, or the time (monotonic) has come.

        Looks again when an executor has gone. It also polls: no event says that a run has left
        its slot on the board, and a second request to end the daemon moves the limit.
        """
        changes = self._context.executors.changes
        began_s = time.monotonic()
        while not is_over() and time.monotonic() < limit():
            # With thousands of runs a look takes milliseconds.
            await changes.wait(max(_POLL_S, _SHARE * (time.monotonic() - began_s)))
            began_s = time.monotonic()


def _stopped_text(run_ids: list[str]) -> str:
    """Return how many runs are stopped and the first of their ids."""
    first = ", ".join(run_ids[:NAMED]) + (", ..." if len(run_ids) > NAMED else "")
    if len(run_ids) == 1:
        return f"run {first} is stopped"
    return f"{len(run_ids):,} runs are stopped ({first})"
