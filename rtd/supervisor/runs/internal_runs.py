"""Internal runs: the app's own code, run in its main lane because the supervisor needs it.

They call hooks and evaluate custom conditions. The supervisor submits each, waits for it and
forgets it.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from rtd.common.errors import StoreGone
from rtd.common.ids import new_id
from rtd.language.core.view import Answer
from rtd.model.internal_tasks import (
    EVALUATE_TASK,
    FOR_NODE,
    INTERNAL_PRIORITY,
    INTERNAL_QUEUE,
    SHUTDOWN_TASK,
    STARTUP_TASK,
)
from rtd.model.lanes import MAIN_LANE
from rtd.model.run_record import RunRecord, RunSpec, new_record
from rtd.model.run_states import TERMINAL, RunState
from rtd.protocol import frames
from rtd.store.commands import keys
from rtd.store.commands.arguments import Submission
from rtd.store.commands.stored_records import readable_record, readable_value
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import cancel_waiting

#: A run that was asked to stop has this long before its executor is killed.
GRACE_S: Final = 2.0
#: How long the hooks of one kind may take together.
HOOKS_TIMEOUT_S: Final = 60.0
#: How long the main lane may take to begin with hooks, or with one evaluation.
BEGIN_S: Final = 10.0
_HOOK_TASKS: Final = {"startup": STARTUP_TASK, "shutdown": SHUTDOWN_TASK}


class InternalRunOutcome(NamedTuple):
    """How an internal run ended.

    `result` is None unless it returned something; `by` and `why` are those of its record.
    """

    state: RunState
    result: Any
    by: str
    why: str


#: The outcome of a run whose record Redis has lost.
LOST: Final = InternalRunOutcome(RunState.LOST, None, "rtd", "its record is gone")


class InternalRuns:
    """The internal runs of this daemon that have not ended.

    Attributes:
        cycles: how many cycles have been begun.
    """

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._waiting: dict[str, asyncio.Future[InternalRunOutcome]] = {}
        #: Those that Redis may not have yet.
        self._unsent: set[str] = set()
        self.cycles = 0

    async def run(
        self,
        task: str,
        params: Mapping[str, Any],
        timeout_s: float,
        patience_s: float | None = None,
        lane_suffix: str = "",
        lane: str = MAIN_LANE,
    ) -> InternalRunOutcome:
        """Run an internal task; return its outcome, good or bad.

        Args:
            task: one of `rtd.model.internal_tasks`.
            timeout_s: how long it may run.
            patience_s: how long it may wait for its turn and run; None: for ever.
            lane_suffix: of the lane; only executors started with this suffix take the run.
            lane: one of `rtd.model.lanes.INTERNAL_LANES`.
        """
        run_id = new_id()
        ended = self._waiting[run_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(patience_s):
                await self._submit(run_id, task, params, timeout_s, lane + lane_suffix)
                return await asyncio.shield(ended)
        except TimeoutError:
            return await self._withdraw(run_id, ended, timeout_s)
        finally:
            self._waiting.pop(run_id, None)

    def is_waiting(self, run_id: str) -> bool:
        """Whether this is an internal run of this supervisor that has not ended."""
        return run_id in self._waiting

    def on_notification(self, run_id: str) -> None:
        """Read an internal run that has ended; an earlier supervisor may have submitted it."""
        self._context.jobs.start(self._read(run_id), "reading a run of rtd's own")

    def resync(self) -> None:
        """Read all that are waited for: notifications may have been lost."""
        for run_id in list(self._waiting):
            self.on_notification(run_id)

    async def _submit(
        self, run_id: str, task: str, params: Mapping[str, Any], timeout_s: float, lane: str
    ) -> None:
        """Queue the run, however long Redis is away; to queue it twice has no effect."""
        context = self._context
        await context.tasks_written.wait()
        spec = RunSpec(
            id=run_id, task=task, params=frames.dump_value(params, "params"), lane=lane,
            queue=INTERNAL_QUEUE, priority=INTERNAL_PRIORITY, submitted_at=time.time(),
            opts={"timeout_s": timeout_s, "stop_grace_s": GRACE_S, FOR_NODE: context.config.node},
            by="rtd",
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
            record = readable_record(run_id, blob)
            if record is not None and record.state not in TERMINAL:
                return
            if record is not None and record.state is RunState.SUCCEEDED:
                # The part that stopped or settled another one reads its record once more.
                await context.execute(context.commands.forget_internal_run(run_id))
        except StoreGone:
            return  # `resync` reads it when Redis is back
        if record is None and unsent:
            return  # a `resync` while it is being submitted
        if waiting is not None and not waiting.done():
            waiting.set_result(LOST if record is None else _outcome_of(record))

    async def _withdraw(
        self, run_id: str, ended: asyncio.Future[InternalRunOutcome], timeout_s: float
    ) -> InternalRunOutcome:
        """Cancel a run that has waited too long; if it has just begun, wait for its end."""
        context = self._context
        why = "the main lane did not come to it in time"
        with suppress(StoreGone, TimeoutError):
            blob = await context.execute(context.commands.get_record(run_id))
            record = readable_record(run_id, blob)
            if record is not None:
                answer = await cancel_waiting(context, blob, record, "rtd", why, time.time())
                if answer == "leased":
                    async with asyncio.timeout(timeout_s + GRACE_S):
                        return await asyncio.shield(ended)
        if ended.done():
            return ended.result()
        return InternalRunOutcome(RunState.CANCELLED, None, "rtd", why)


def _outcome_of(record: RunRecord) -> InternalRunOutcome:
    end = record.end
    if end is None:
        return LOST
    return InternalRunOutcome(record.state, readable_value(end.result), end.by, end.why)


async def call_hooks(
    context: SupervisorContext,
    internal_runs: InternalRuns,
    kind: str,
    *,
    rest: bool = False,
    timeout_s: float = HOOKS_TIMEOUT_S,
    lane_suffix: str = "",
) -> None:
    """Call the hooks `Scheduler.hook_startup` or `Scheduler.hook_shutdown`, and wait for them.

    Never raises: a hook that raises, or takes too long, is a fault.

    Args:
        kind: `startup` or `shutdown`.
        rest: call the part after the `yield` of hooks that are generators.
        timeout_s: how long they may take.
        lane_suffix: see `InternalRuns.run`.
    """
    params = {
        "kind": kind,
        "rest": rest,
        "n_cycles": internal_runs.cycles,
        "started_at": context.started_at,
    }
    ended = await internal_runs.run(
        _HOOK_TASKS[kind], params, timeout_s, timeout_s + BEGIN_S, lane_suffix
    )
    record_failures(context, kind, ended)


def record_failures(context: SupervisorContext, kind: str, ended: InternalRunOutcome) -> None:
    """Record a fault for each hook that failed, or for their run if no hook is named.

    Args:
        kind: of the hooks.
        ended: their run.
    """
    failures = (ended.result or {}).get("failures", [])
    for what, name, message in failures:
        context.faults.record(what, name, message)
    if ended.state is not RunState.SUCCEEDED and not failures:
        context.faults.record("hook", f"hook_{kind}", ended.why)


async def evaluate_once(
    context: SupervisorContext,
    internal_runs: InternalRuns,
    custom_ids: Iterable[str],
    lane_suffix: str = "",
) -> dict[str, Answer]:
    """Evaluate custom conditions outside the cycle, each in a run of its own.

    Never raises: a condition that fails is a fault, and not among the answers.
    """
    limit_s = context.config.condition_timeout_s
    answers = {}
    for custom_id in sorted(custom_ids):
        ended = await internal_runs.run(
            EVALUATE_TASK, {"text": custom_id}, limit_s, limit_s + BEGIN_S, lane_suffix
        )
        value, why = (ended.result or {}).get("answer", (None, ended.why))
        if value is None:
            halts = not context.manifest.info.silence_cond_check
            context.faults.record("condition", custom_id, why, halts=halts)
        else:
            answers[custom_id] = Answer(value)
    return answers
