"""Runs of rtd's own in the app's main lane: submitted from here, waited for, and forgotten."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from rtd.common.errors import StoreGone
from rtd.common.ids import new_id
from rtd.common.msgpack_values import unpack
from rtd.model.internal_tasks import INTERNAL_PRIORITY, INTERNAL_QUEUE
from rtd.model.run_record import RunRecord, RunSpec, decode_record, new_record
from rtd.model.run_states import TERMINAL, RunState
from rtd.protocol import frames
from rtd.store.commands import keys
from rtd.store.commands.arguments import Submission
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import cancel_waiting

LANE: Final = "main"
#: A run that was asked to stop has this long before its executor is killed.
GRACE_S: Final = 2.0


class InternalRunOutcome(NamedTuple):
    """What became of a run of rtd's own.

    `result` is None unless it returned something; `by` and `why` are those of its record.
    """

    state: RunState
    result: Any
    by: str
    why: str


#: Its record is not there: Redis has lost it.
LOST: Final = InternalRunOutcome(RunState.LOST, None, "rtd", "its record is gone")


class InternalRuns:
    """All such runs of this daemon that have not ended.

    Attributes:
        cycles: how many cycles have been begun.
        apart: put behind the lane's name: only executors that are made for it take them.
    """

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._waiting: dict[str, asyncio.Future[InternalRunOutcome]] = {}
        #: Those that Redis may not have yet.
        self._unsent: set[str] = set()
        self.cycles = 0
        self.lane_suffix = ""

    async def run(
        self,
        task: str,
        params: Mapping[str, Any],
        timeout_s: float,
        patience_s: float | None = None,
    ) -> InternalRunOutcome:
        """Run a task of rtd's own; gives what became of it, whatever that is.

        Args:
            task: one of `rtd.model.internal_tasks`.
            timeout_s: how long it may run.
            patience_s: how long it may wait for its turn and run; None: for ever.
        """
        run_id = new_id()
        ended = self._waiting[run_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(patience_s):
                await self._submit(run_id, task, params, timeout_s)
                return await asyncio.shield(ended)
        except TimeoutError:
            return await self._withdraw(run_id, ended, timeout_s)
        finally:
            self._waiting.pop(run_id, None)

    def on_notification(self, run_id: str) -> None:
        """Such a run has ended, maybe one of a supervisor before this one."""
        self._context.jobs.start(self._read(run_id), "reading a run of rtd's own")

    def resync(self) -> None:
        """Rings may have been lost."""
        for run_id in list(self._waiting):
            self.on_notification(run_id)

    async def _submit(
        self, run_id: str, task: str, params: Mapping[str, Any], timeout_s: float
    ) -> None:
        """In Redis when it returns, however long that takes; twice is once."""
        context = self._context
        opts = {"timeout_s": timeout_s, "stop_grace_s": GRACE_S}
        blob = frames.dump_value(params, "params")
        lane = LANE + self.lane_suffix
        spec = RunSpec(
            id=run_id, task=task, params=blob, lane=lane, queue=INTERNAL_QUEUE,
            priority=INTERNAL_PRIORITY, submitted_at=time.time(), opts=opts, by="rtd",
        )  # fmt: skip
        run = Submission(run_id, new_record(spec), keys.item(run_id))
        place = keys.place(lane, INTERNAL_QUEUE, INTERNAL_PRIORITY)
        self._unsent.add(run_id)
        try:
            node, commands = context.config.node, context.commands
            await context.retry(
                lambda: context.execute(commands.submit(node, place, task, now_ms(), [run]))
            )
        finally:
            self._unsent.discard(run_id)

    async def _read(self, run_id: str) -> None:
        context, waiting = self._context, self._waiting.get(run_id)
        unsent = run_id in self._unsent
        try:
            blob = await context.execute(context.commands.get_record(run_id))
            record = None if blob is None else decode_record(blob)
            if record is not None and record.state not in TERMINAL:
                return  # it goes on
            if record is not None and record.state is RunState.SUCCEEDED:
                # Others are read once more by whoever has stopped or settled them.
                await context.execute(context.commands.forget_internal_run(run_id))
        except StoreGone:
            return  # looked at again when Redis is back
        if record is None and unsent:
            return  # somebody looked at everything while it was being submitted
        if waiting is not None and not waiting.done():
            waiting.set_result(LOST if record is None else _outcome_of(record))

    async def _withdraw(
        self, run_id: str, ended: asyncio.Future[InternalRunOutcome], timeout_s: float
    ) -> InternalRunOutcome:
        """It waits too long: it is not to run any more, unless it has begun just now."""
        context = self._context
        why = "the main lane did not come to it in time"
        with suppress(StoreGone, TimeoutError):
            blob = await context.execute(context.commands.get_record(run_id))
            if blob is not None:
                answer = await cancel_waiting(context, blob, "rtd", why, time.time())
                if answer == "leased":
                    async with asyncio.timeout(timeout_s + GRACE_S):
                        return await asyncio.shield(ended)
        return (
            ended.result()
            if ended.done()
            else InternalRunOutcome(RunState.CANCELLED, None, "rtd", why)
        )


def _outcome_of(record: RunRecord) -> InternalRunOutcome:
    end = record.end
    if end is None:
        return LOST
    result = None if end.result is None else unpack(end.result)
    return InternalRunOutcome(record.state, result, end.by, end.why)
