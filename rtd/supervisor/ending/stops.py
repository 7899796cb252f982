"""Ending runs: note who wants it, ask, wait the grace, kill the whole tree, settle.

Whether a run has ended is read from the board, not from Redis, so that time-outs and limits
hold while Redis is away.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from rtd.common.errors import NoSuchRun, StoreGone, WrongState
from rtd.model.run_record import decode_record
from rtd.model.run_states import TERMINAL
from rtd.process.board.board import SlotSnapshot
from rtd.process.tree.process_tree import read_tree
from rtd.protocol.zygote_messages import KillCommand, RetireCommand, StopCommand
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import Executor, ExecutorPhase
from rtd.supervisor.core.log import log
from rtd.supervisor.core.retry import Backoff
from rtd.supervisor.core.run_helpers import cancel_waiting, policies_of
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.pools.zygotes import Zygotes

#: How often a run that is being stopped is looked at: from the first to the second.
FIRST_POLL_S: Final = 0.001
MAX_POLL_S: Final = 0.02
#: How long after SIGKILL the zygote's word is waited for before it is said aloud.
KILL_S: Final = 15.0
#: A leased run that is not on the board after so long may be on another node.
ELSEWHERE_S: Final = 1.0


@dataclass(slots=True, eq=False)
class Stop:
    """One run that is being ended.

    Attributes:
        until: when its grace is over (monotonic seconds); the earliest request counts.
        before: the processes below its executor when it was asked, `[pid, name]`.
    """

    run_id: str
    intent: Intent
    until: float
    task: "asyncio.Task[None] | None" = None
    exec_id: str = ""
    processes: list[tuple[int, str]] = field(default_factory=list)
    unresponsive: bool = False


class Stops:
    """All runs that are being ended, whoever wants it.

    Args:
        context: what the parts of the supervisor share.
        zygotes: they carry out what is ordered.
        refill: called with a lane that needs another executor.
    """

    def __init__(
        self, context: SupervisorContext, zygotes: Zygotes, refill: Callable[[str], None]
    ) -> None:
        self._context = context
        self._zygotes = zygotes
        self._refill = refill
        self._by_run: dict[str, Stop] = {}
        self._gone: dict[str, asyncio.Event] = {}

    def __contains__(self, run_id: object) -> bool:
        return run_id in self._by_run

    def intent_of(self, run_id: str) -> Intent | None:
        """Why a run is being ended, as this supervisor remembers it."""
        stop = self._by_run.get(run_id)
        return None if stop is None else stop.intent

    def on_executor_exit(self, exec_id: str) -> None:
        """An executor has ended (its runs are not settled yet)."""
        event = self._gone.pop(exec_id, None)
        if event is not None:
            event.set()

    def stop_run(self, run_id: str, intent: Intent, grace_s: float | None = None) -> Stop:
        """Begin to end a run; a second request can only shorten the grace of the first.

        Args:
            grace_s: seconds between asking and killing; None: what the task's policy says.
        """
        until = float("inf") if grace_s is None else time.monotonic() + grace_s
        stop = self._by_run.get(run_id)
        if stop is not None:
            stop.until = min(stop.until, until)
            return stop
        stop = Stop(run_id, intent, until)
        self._by_run[run_id] = stop
        stop.task = self._context.jobs.start(self._until_over(stop), f"stopping run {run_id}")
        return stop

    def end_grace(self) -> None:
        """Nobody has any grace left."""
        for stop in self._by_run.values():
            stop.until = 0.0

    async def wait(self, stop: Stop) -> None:
        """Until the procedure is over. Raises what went wrong in it."""
        assert stop.task is not None
        await asyncio.shield(stop.task)

    # --- the procedure

    async def _until_over(self, stop: Stop) -> None:
        try:
            await self._save_intent(stop)
            seen = await self._locate(stop)
            while seen is not None:
                await self._end_running(stop, seen)
                # An attempt that failed by itself just then may be queued for its retry.
                seen = None if stop.intent.requeue else await self._locate(stop)
        except StoreGone:
            log.warning("the end of run %s is written when Redis is back", stop.run_id)
            raise
        finally:
            del self._by_run[stop.run_id]

    async def _save_intent(self, stop: Stop) -> None:
        """Leave word in Redis for whoever writes the outcome, and learn the grace."""
        context = self._context
        grace_s = context.config.stop_grace_s
        try:
            _, blob = await context.redis.execute_all(
                context.commands.set_intent(stop.run_id, stop.intent.pack()),
                context.commands.get_record(stop.run_id),
            )
            if blob is not None:
                own_s = policies_of(context, decode_record(blob).spec).stop_grace_s
                grace_s = grace_s if own_s is None else own_s
        except StoreGone:
            log.warning("run %s is stopped while Redis is away", stop.run_id)
        stop.until = min(stop.until, time.monotonic() + grace_s)

    async def _locate(self, stop: Stop) -> SlotSnapshot | None:
        """Where the run is going on; None when its record says that it is over, or it was
        withdrawn while it waited.

        A run that an executor has fetched ahead of its turn shows up on the board soon, or
        goes back to its queue; one that has just ended is reported soon.
        """
        context = self._context
        pause = Backoff(FIRST_POLL_S, MAX_POLL_S)
        elsewhere_at = time.monotonic() + ELSEWHERE_S
        while True:
            seen = self.find_slot(stop.run_id)
            if seen is not None:
                return seen
            blob = await context.execute(context.commands.get_record(stop.run_id))
            if blob is None:
                raise NoSuchRun(f"run {stop.run_id} is not there any more")
            if decode_record(blob).state in TERMINAL:
                return None
            intent = stop.intent
            answer = await cancel_waiting(context, blob, intent.by, intent.why, time.time())
            if answer == "ok":
                return None
            if time.monotonic() > elsewhere_at:
                await self._refuse_other_nodes(stop.run_id)
                elsewhere_at = time.monotonic() + ELSEWHERE_S
            await pause.wait()

    async def _refuse_other_nodes(self, run_id: str) -> None:
        """Raises WrongState when the run is on an executor of another node."""
        context = self._context
        leases, rows = await context.redis.execute_all(
            context.commands.list_running(), context.commands.list_executors()
        )
        holder = next((lease.exec for lease in leases if lease.id == run_id), None)
        node = next((row.node for row in rows if row.exec == holder), context.config.node)
        if node != context.config.node:
            raise WrongState(f"run {run_id} runs on node {node}; stop it there")

    def find_slot(self, run_id: str) -> SlotSnapshot | None:
        """The slot that a run is on now."""
        return next((seen for seen in self._context.board.scan() if seen.run_id == run_id), None)

    async def _end_running(self, stop: Stop, seen: SlotSnapshot) -> None:
        executor = self._context.executors.at_slot(seen.slot)
        if executor is None or executor.id != seen.exec_id:
            return  # it has ended already; settling it writes the outcome
        stop.exec_id = executor.id
        if executor.slots == 1:
            stop.processes = [(member.pid, member.name) for member in read_tree(seen.pid).processes]
        if stop.until > time.monotonic():
            command = StopCommand(executor.id, seen.slot, stop.run_id)
            self._zygotes.send_command(executor, command)
            if await self._left_in_time(stop, seen):
                return
        stop.unresponsive = True
        if executor.slots == 1:
            await self._kill(executor, f"run {stop.run_id}: {stop.intent.why}")
        else:
            await self._replace(stop, executor, seen)

    async def _left_in_time(self, stop: Stop, seen: SlotSnapshot) -> bool:
        """Wait until the run has left its slot; False when its grace ran out first."""
        pause = Backoff(FIRST_POLL_S, MAX_POLL_S)
        while self._still_on(stop, seen):
            if time.monotonic() >= stop.until:
                return False
            await pause.wait()
        return True

    def _still_on(self, stop: Stop, seen: SlotSnapshot) -> bool:
        now = self._context.board.read_slot(seen.slot)
        return (
            now is not None
            and now.running
            and now.run_id == stop.run_id
            and now.exec_id == seen.exec_id
        )

    # --- force

    async def _kill(self, executor: Executor, why: str) -> None:
        """The executor and everything below it; returns when the zygote has proved it."""
        executor.phase = ExecutorPhase.KILLED
        executor.why = why
        event = self._gone.setdefault(executor.id, asyncio.Event())
        if executor.id not in self._context.executors:
            return
        self._zygotes.send_command(executor, KillCommand(executor.id))
        while not event.is_set():
            try:
                await asyncio.wait_for(event.wait(), KILL_S)
            except TimeoutError:
                log.error("executor %d does not die: asking its zygote again", executor.pid)
                self._zygotes.send_command(executor, KillCommand(executor.id))

    async def _replace(self, stop: Stop, executor: Executor, seen: SlotSnapshot) -> None:
        """A thread or coroutine cannot be killed: its whole executor is, once its other runs
        are over. It takes no new ones; another takes its place."""
        note = (
            f"it did not yield within its grace: its executor (pid {executor.pid}) was replaced"
            " and ended once its other runs were over"
        )
        intent = stop.intent
        stop.intent = Intent(intent.by, intent.why, intent.at, intent.requeue, note)
        context = self._context
        with contextlib.suppress(StoreGone):  # this supervisor remembers it anyway
            await context.execute(context.commands.set_intent(stop.run_id, stop.intent.pack()))
        if executor.phase is ExecutorPhase.LIVE:
            executor.phase = ExecutorPhase.RETIRING
            log.warning("run %s: %s", stop.run_id, note)
            self._zygotes.send_command(executor, RetireCommand(executor.id))
            await self._announce_replacement(executor)
        pause = Backoff(FIRST_POLL_S, MAX_POLL_S)
        while self._still_on(stop, seen) and self._others(executor):
            await pause.wait()
        if self._still_on(stop, seen):
            await self._kill(executor, f"run {stop.run_id}: {stop.intent.why}")

    async def _announce_replacement(self, executor: Executor) -> None:
        context = self._context
        with contextlib.suppress(StoreGone):  # its slots say so, too
            await context.redis.execute_all(
                context.commands.retire(executor.id), context.commands.clear_demand(executor.lane)
            )
        self._refill(executor.lane)
        context.executors.changes.notify()

    def _others(self, executor: Executor) -> bool:
        """Whether runs go on in an executor beside those that do not yield."""
        for slot in range(executor.slot, executor.slot + executor.slots):
            seen = self._context.board.read_slot(slot)
            if seen is None or not seen.running or seen.exec_id != executor.id:
                continue
            other = self._by_run.get(seen.run_id)
            if other is None or not other.unresponsive:
                return True
        return False


def ended_pids(stop: Stop, recorded: list[list[Any]] | None, root_alive: bool) -> list[list[Any]]:
    """Every process of a stopped run and how it ended: those that rtd ended, and those that
    were there when the run was asked and ended by themselves."""
    pids = [list(entry) for entry in recorded or []]
    known = {entry[0] for entry in pids}
    for position, (pid, name) in enumerate(stop.processes):
        if pid not in known and not (position == 0 and root_alive):
            pids.append([pid, name, "ended when asked"])
    return pids
