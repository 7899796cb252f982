"""Ends runs: record who wants it, ask the run to stop, wait the grace, kill its whole tree.

Whether a run has ended is read from the board, not from Redis, so that time-outs and limits
hold while Redis is away.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rtd.common.errors import StoreGone, WrongState
from rtd.common.ids import to_words
from rtd.config.config import EMBEDDED
from rtd.model.run_record import RunRecord
from rtd.process.board.board import SlotSnapshot
from rtd.process.tree.process_tree import read_tree
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorPhase
from rtd.supervisor.core.log import log
from rtd.supervisor.core.retry import Backoff
from rtd.supervisor.core.stop_request import Intent, Stop
from rtd.supervisor.ending.executor_killer import ExecutorKiller
from rtd.supervisor.ending.run_cancellation import RunCancellation
from rtd.supervisor.ending.run_slots import FIRST_POLL_S, MAX_POLL_S, SHARE, RunSlots
from rtd.supervisor.ending.store_intent import store_intent
from rtd.supervisor.pools.stop_sender import StopSender
from rtd.supervisor.pools.zygotes import Zygotes
from rtd.supervisor.runs.other_nodes import refuse_other_nodes

#: With so many stops at once a run's record is read half as often as that of a single one.
MANY_STOPS: Final = 250
#: How long a run that an executor has leased is left alone before it is cancelled once more.
CANCEL_AGAIN_S: Final = 0.05
#: An event loop that has not gone on for so long holds up all runs of its executor.
BLOCKED_S: Final = 2.0
#: A leased run that is not on the board after so long may be on another node.
ELSEWHERE_S: Final = 1.0


class Stops:
    """All runs that are being ended, for any reason.

    Args:
        context: what the parts of the supervisor share.
        zygotes: receive the commands to stop and kill.
        refill: called with a lane that needs another executor.

    Attributes:
        slots: where the runs that go on are on the board.
    """

    def __init__(
        self, context: SupervisorContext, zygotes: Zygotes, refill: Callable[[str], None]
    ) -> None:
        self._context = context
        self._sender = StopSender(context, zygotes)
        self._killer = ExecutorKiller(context, zygotes, refill)
        self.slots = RunSlots(context)
        self._by_run: dict[str, Stop] = {}
        #: By executor: until when it is known whether it has runs that may end, and that.
        self._others: dict[str, tuple[float, bool]] = {}

    def covers(self, seen: SlotSnapshot) -> bool:
        """Whether this attempt of a run is being ended."""
        stop = self._by_run.get(seen.run_id)
        return stop is not None and (not stop.intent.goes_on or stop.attempt in (0, seen.attempt))

    def intent_of(self, run_id: str) -> Intent | None:
        """Return why a run is being ended, as this supervisor remembers it."""
        stop = self._by_run.get(run_id)
        return None if stop is None else stop.intent

    def is_stopping(self, run_id: str) -> bool:
        """Whether a run is being ended, or an attempt of it."""
        return run_id in self._by_run

    def on_executor_exit(self, exec_id: str) -> None:
        """Continue the stops that wait for this executor to end; its runs are not settled yet."""
        self._others.pop(exec_id, None)
        self._killer.on_executor_exit(exec_id)

    def stop_run(
        self,
        run_id: str,
        intent: Intent,
        grace_s: float | None = None,
        read: tuple[bytes, RunRecord] | None = None,
    ) -> Stop:
        """Begin to end a run; a second request can only shorten the grace of the first, and
        end a run that the first would let go on.

        Args:
            grace_s: seconds between asking and killing; None: as the task's policy says.
            read: the record of the run, as it is stored and decoded just now; None: not known.
        """
        until = float("inf") if grace_s is None else time.monotonic() + grace_s
        stop = self._by_run.get(run_id)
        if stop is not None:
            stop.until = min(stop.until, until)
            if stop.intent.goes_on and not intent.goes_on:
                stop.intent = intent
                name = f"storing who stops run {run_id}"
                self._context.jobs.start(store_intent(self._context, run_id, intent), name)
            return stop
        stop = self._by_run[run_id] = Stop(run_id, intent, until, read=read)
        stop.task = self._context.jobs.start(self._until_over(stop), f"stopping run {run_id}")
        return stop

    def end_grace(self) -> None:
        """End the grace of all runs now."""
        for stop in self._by_run.values():
            stop.until = 0.0

    async def wait(self, stop: Stop) -> None:
        """Wait until the run has been ended. Raises the error of the procedure."""
        assert stop.task is not None
        await asyncio.shield(stop.task)

    # --- the procedure

    async def _until_over(self, stop: Stop) -> None:
        try:
            if self._context.config.redis != EMBEDDED and self.slots.find(stop.run_id) is None:
                await refuse_other_nodes(self._context, stop.run_id)  # none of ours is kept
            saved = stop.intent
            record = None if stop.read is None else stop.read[1]
            intent, grace_s = await store_intent(self._context, stop.run_id, saved, record)
            if stop.intent is saved:  # no later request has replaced it
                stop.intent = intent
            elif saved.reload_attempt:  # it may have been stored before this one
                await store_intent(self._context, stop.run_id, stop.intent)
            stop.until = min(stop.until, time.monotonic() + grace_s)
            seen = await self._locate(stop)
            while seen is not None:
                await self._end_running(stop, seen)
                # An attempt that failed by itself just then may be queued for its retry.
                await asyncio.sleep(0)  # however the board changes, all else gets its turn
                seen = None if stop.intent.goes_on else await self._locate(stop)
        except StoreGone:
            if not stop.intent.reload_attempt:
                log.warning("the end of run %s is written when Redis is back", stop.run_id)
            raise
        finally:
            del self._by_run[stop.run_id]

    async def _locate(self, stop: Stop) -> SlotSnapshot | None:
        """Return the slot that the run is on; None: the run is over, or was cancelled while it
        waited, or the attempt that a reload ends has ended by itself.

        A run that an executor has leased ahead of its turn is on the board soon, or goes back
        to its queue; one that has just ended is reported soon.
        """
        context = self._context
        pause = self._new_pause()
        elsewhere_at = time.monotonic() + ELSEWHERE_S
        waiting = RunCancellation(context, stop, CANCEL_AGAIN_S * self._share())
        while True:
            intent = stop.intent
            seen = self.slots.find(stop.run_id) if waiting.may_run else None
            if intent.reload_attempt:
                return seen if seen and seen.attempt == intent.reload_attempt else None
            if seen is not None:
                return seen
            if await waiting.is_over():
                return None
            if time.monotonic() > elsewhere_at:
                try:
                    await refuse_other_nodes(context, stop.run_id)
                except WrongState:
                    call = context.commands.withdraw_intent(stop.run_id, intent.pack())
                    await context.execute(call)
                    raise
                elsewhere_at = time.monotonic() + ELSEWHERE_S
            await pause.wait()

    def _share(self) -> float:
        """Return how much longer the waits of each stop are with so many at once."""
        return 1 + len(self._by_run) / MANY_STOPS

    def _new_pause(self) -> Backoff:
        return Backoff(FIRST_POLL_S, MAX_POLL_S * self._share())

    async def _end_running(self, stop: Stop, seen: SlotSnapshot) -> None:
        executor = self._context.executors.at_slot(seen.slot)
        if executor is None or executor.id != seen.exec_id:
            return  # it has ended already; settling it writes the outcome
        stop.exec_id, stop.attempt = executor.id, seen.attempt
        if executor.slots == 1:
            members = read_tree(executor.pid).processes
            stop.processes = [(member.pid, member.program) for member in members]
        if stop.until > time.monotonic():
            self._sender.send(executor, seen.slot, stop.run_id)
            if await self.slots.wait_left(stop, seen):
                return
        stop.unresponsive = True
        if executor.slots == 1:
            await self._killer.kill(executor, f"run {stop.run_id}: {stop.intent.why}")
        else:
            await self._replace(stop, executor, seen)

    async def _replace(self, stop: Stop, executor: ExecutorEntry, seen: SlotSnapshot) -> None:
        """Replace the executor of a thread or coroutine, which cannot be killed alone.

        The executor takes no new runs, and is killed once its other runs are over, or if they
        cannot go on: the run holds up the event loop.
        """
        note = (
            f"it did not end within its grace: its executor (pid {executor.pid}) was replaced"
            " and ended once its other runs were over or held up"
        )
        intent = stop.intent
        stop.intent = replace(intent, note=note)
        context = self._context
        with contextlib.suppress(StoreGone):  # this supervisor remembers it anyway
            call = context.commands.set_intent(stop.run_id, stop.intent.pack())
            await context.batch.execute(call)
        if executor.phase is ExecutorPhase.LIVE:
            log.warning("run %s: %s", stop.run_id, note)
            await self._killer.replace(executor)
        pause = self._new_pause()
        blocked_s = 0.0
        why = f"run {stop.run_id}: {stop.intent.why}"
        while self.slots.is_on(stop.run_id, seen) and self._has_other_runs(executor):
            began_s = time.monotonic()
            await pause.wait()
            held_s = time.monotonic() - began_s
            blocked_s = blocked_s + held_s if self.slots.is_blocked(seen) else 0.0
            if blocked_s > BLOCKED_S:
                why = f"run {stop.run_id} held up all others and did not stop ({stop.intent.why})"
                break
        if self.slots.is_on(stop.run_id, seen):
            await self._killer.kill(executor, why)

    def _has_other_runs(self, executor: ExecutorEntry) -> bool:
        """Return whether an executor has runs beside those that do not end. All of these share
        one look at the board."""
        fresh_until_s, found = self._others.get(executor.id, (0.0, True))
        began_s = time.monotonic()
        if began_s < fresh_until_s:
            return found
        stuck = {to_words(run_id) for run_id, stop in self._by_run.items() if stop.unresponsive}
        running = self._context.board.running()
        found = any(executor.owns(slot) and run not in stuck for run, slot in running.items())
        ended_s = time.monotonic()
        self._others[executor.id] = (ended_s + SHARE * (ended_s - began_s), found)
        return found
