"""The end of a daemon that works off what is queued and then ends: `rtd run --until-idle`."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from rtd.model.run_states import STATE_BY_CHAR, RunState
from rtd.store.commands.keys import queue_of, split_place
from rtd.store.commands.reads import QueueState
from rtd.store.commands.run_places import WaitingPlace
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_waiters import RunWaiters
from rtd.supervisor.ending.outcome_delivery import OutcomeDelivery

#: The end of a run is an event; what has none (a paused queue, a cancelled run of another node) is
#: seen so late at most.
SLOW_S: Final = 2.0
#: Of the runs that wait, the last so many are watched: the others mostly end before them.
WATCHED: Final = 100
#: How many waiting runs are read at first; ten times as many while none of them may start here.
FIRST_LOOK: Final = 10_000
#: Records of delayed runs in one round trip: each may hold a megabyte.
RECORDS: Final = 50
#: The queues of rtd's own runs begin with it.
_INTERNAL: Final = "@"


@dataclass(frozen=True, slots=True)
class IdleReport:
    """The runs that a daemon has carried out when it ends, and those that it leaves.

    Attributes:
        was_idle: nothing was left to do; else something has ended the daemon before.
        ended: how many runs ended in each state.
        unheard: how many ends middleware did not hear of, because it hangs or ends its process.
        later, paused, ready: runs that are left, by queue: those that wait for their time, those
            of paused queues, and all others.
    """

    was_idle: bool
    ended: Counter[RunState] = field(default_factory=Counter)
    unheard: int = 0
    later: Counter[str] = field(default_factory=Counter)
    paused: Counter[str] = field(default_factory=Counter)
    ready: Counter[str] = field(default_factory=Counter)


class IdleWatcher:
    """Waits until nothing is left that this node can carry out, and counts what it has done.

    Args:
        context: what the parts of the supervisor share.
        waiters: tell when runs are over.
        startup_over: set when what runs on startup is over.
        delivery: lets middleware hear of what has ended; that may queue further runs.
    """

    def __init__(
        self,
        context: SupervisorContext,
        waiters: RunWaiters,
        startup_over: asyncio.Event,
        delivery: OutcomeDelivery,
    ) -> None:
        self._context = context
        self._waiters = waiters
        self._startup_over = startup_over
        self._delivery = delivery
        self._was_idle = False

    async def begin(self, is_wanted: bool) -> None:
        """Count the runs that end from now on, or no more: an earlier daemon may have been killed
        while it counted. Raises StoreGone."""
        calls, node = self._context.commands, self._context.config.node
        await self._context.execute(calls.forget_ended_count(node))
        if is_wanted:
            await self._context.execute(calls.begin_ended_count(node))

    async def wait(self) -> None:
        """Return when no run is running here, and none is queued or waits for a retry that this
        node could take."""
        await self._startup_over.wait()
        while True:
            going = await self._context.retry(self._find_going)
            if going:
                await self._context.retry(partial(self._wait_for, going))
            elif await self._context.retry(self._delivery.is_left):
                await self._delivery.changes.wait(SLOW_S)
            else:
                break
        self._was_idle = True

    async def report(self) -> IdleReport:
        """Return what has ended, and what is left. Raises StoreGone."""
        context, calls = self._context, self._context.commands
        ended, table = await context.redis.execute_all(
            calls.ended_count(context.config.node), calls.queue_table()
        )
        await context.execute(calls.forget_ended_count(context.config.node))
        report = IdleReport(self._was_idle, unheard=self._delivery.left_out)
        for char, count in ended.items():
            report.ended[STATE_BY_CHAR[char]] += count
        for row in table:
            if not row.queue.startswith(_INTERNAL):
                waiting = report.paused if row.paused else report.ready
                waiting[row.queue] += row.queued + row.held
                report.later[row.queue] += row.delayed
        return report

    async def _wait_for(self, ids: list[str]) -> None:
        """Wait until all of these runs have ended, or for the time of the slow check."""
        async with self._waiters.watch(ids) as watch:
            with suppress(TimeoutError):
                async with asyncio.timeout(SLOW_S):
                    while watch.pending:
                        await watch.wait_change(None)

    async def _find_going(self) -> list[str]:
        """Return runs that this node has or can take, of many only some; none: it is idle."""
        context, calls, most = self._context, self._context.commands, FIRST_LOOK
        while True:
            # In the order in which runs move, so that none is missed.
            waiting, leased, execs, table = await context.redis.execute_all(
                calls.list_waiting(most),
                calls.list_leased(),
                calls.list_executors(),
                calls.queue_table(),
            )
            others = {row.exec for row in execs if row.node != context.config.node}
            going = [
                lease.id
                for lease in leased
                if lease.exec not in others and not queue_of(lease.place_item).startswith(_INTERNAL)
            ]
            open_runs = [run for run in waiting if self._may_start(run, table)]
            queued = [run.id for run in open_runs if run.where != "delayed"]
            going += queued[-WATCHED:]
            if not going:  # else a later look will do
                going = await self._retried(r.id for r in open_runs if r.where == "delayed")
            if going or len(waiting) < most:
                return going
            most *= 10

    def _may_start(self, run: WaitingPlace, table: list[QueueState]) -> bool:
        """Check whether this node can take a run once it is due."""
        lane, queue, _ = split_place(run.place_item)
        # A run that nodes without its task have declined waits in a lane `LANE:TASK`.
        lane, _, task = lane.partition(":")
        settings = self._context.config.lanes.get(lane)
        if settings is None or settings.max < 1:
            return False
        if task and task not in self._context.manifest.tasks:
            return False
        return not any(row.paused and row.queue == queue for row in table)

    async def _retried(self, ids: Iterable[str]) -> list[str]:
        """Return the delayed runs that wait for a further attempt; others wait for their time."""
        found: list[str] = []
        every = list(ids)
        for start in range(0, len(every), RECORDS):
            some = every[start : start + RECORDS]
            blobs = await self._context.execute(self._context.commands.get_records(some))
            for run_id, blob in zip(some, blobs, strict=True):
                record = readable_record(run_id, blob)
                if record is not None and record.attempts:
                    found.append(run_id)
        return found
