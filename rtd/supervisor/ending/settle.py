"""Writes the outcomes of runs whose executor cannot: fence it first, then settle each run."""

import time
from collections.abc import Callable
from typing import Any, Final, Literal

from rtd.model.internal_tasks import is_internal
from rtd.model.run_record import RunRecord, encode_record, pack_events
from rtd.store.commands.arguments import LeaseOutcome, OrphanRun
from rtd.store.commands.stored_records import likely_task, lost_record, readable_record
from rtd.supervisor.core.clock import now_ms, wall_of_ns
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorExit, UnfinishedRun
from rtd.supervisor.core.log import log
from rtd.supervisor.core.run_helpers import policies_of, run_event
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.ending.dead_executor_files import DeadExecutorFiles
from rtd.supervisor.ending.settle_decision import (
    Evidence,
    SettleDecision,
    describe_exit,
    determine_outcome,
)

#: Kinds of outcomes that middleware must hear of.
_DELIVERED: Final[dict[str, Literal["dt", "at"]]] = {"d": "dt", "a": "at"}
#: Outcomes in one call of the script.
BATCH: Final = 500

#: An outcome and its event.
WrittenOutcome = tuple[LeaseOutcome, list[Any]]


class Settler:
    """Settles dead executors, each as soon as Redis answers.

    Args:
        context: what the parts of the supervisor share.
        intent_of: the intent that this supervisor has for a run, if Redis does not have it.
    """

    def __init__(
        self, context: SupervisorContext, intent_of: Callable[[str], Intent | None]
    ) -> None:
        self._context = context
        self._intent_of = intent_of
        self._settling: set[str] = set()

    @property
    def pending(self) -> int:
        """Return how many executors are being settled."""
        return len(self._settling)

    def is_settling(self, exec_id: str) -> bool:
        """Return whether that executor is being settled."""
        return exec_id in self._settling

    def settle(self, executor_exit: ExecutorExit, done: Callable[[], None]) -> None:
        """Settle an executor that has ended; `done` is called when nothing is left to do."""
        if executor_exit.exec_id in self._settling:
            return
        self._settling.add(executor_exit.exec_id)
        name = f"settling executor {executor_exit.exec_id}"
        self._context.jobs.start(self._until_done(executor_exit, done), name)

    async def _until_done(self, executor_exit: ExecutorExit, done: Callable[[], None]) -> None:
        dead = _DeadExecutor(self._context, executor_exit, self._intent_of)
        try:
            await self._context.retry_always("settling executors", dead.settle)
        finally:
            self._settling.discard(executor_exit.exec_id)
        done()


class _DeadExecutor:
    """One dead executor. `settle` may start again from its beginning after a loss of Redis."""

    def __init__(
        self,
        context: SupervisorContext,
        executor_exit: ExecutorExit,
        intent_of: Callable[[str], Intent | None],
    ) -> None:
        self._context = context
        self._exit = executor_exit
        self._unfinished = {run.run: run for run in executor_exit.runs}
        self._intent_of = intent_of
        self._ended_at = time.time()
        self._files = DeadExecutorFiles(context.paths.output_dir, executor_exit.exec_id)
        self._outputs: dict[str, list[Any] | None] = {}

    async def settle(self) -> None:
        """Fence, decide, write. Raises StoreGone."""
        context, executor_exit = self._context, self._exit
        fence = context.commands.fence(
            context.config.node, executor_exit.exec_id, executor_exit.is_self_inflicted
        )
        orphans: list[OrphanRun] = await context.execute(fence)
        if orphans:
            reported = {written[0].id: written for written in self._files.read_outcomes()}
            outcomes = reported | await self._decide([o for o in orphans if o.id not in reported])
            await self._write([outcomes[orphan.id] for orphan in orphans])
        self._files.remove()

    async def _decide(self, orphans: list[OrphanRun]) -> dict[str, WrittenOutcome]:
        """Return the outcomes of runs, by their ids, that the executor has not reported."""
        unreadable, records = [], []
        for orphan in orphans:
            record = readable_record(orphan.id, orphan.record)
            if record is None:
                unreadable.append(orphan)
            else:
                records.append(record)
        decisions = await self._end_unreadable(unreadable) if unreadable else []
        intents = await self._intents(records)
        decisions += [self._settle_run(one, intents.get(one.spec.id)) for one in records]
        return {decision.record.spec.id: self._outcome(decision) for decision in decisions}

    async def _end_unreadable(self, orphans: list[OrphanRun]) -> list[SettleDecision]:
        """Return how runs end whose records are missing or cannot be read."""
        call = self._context.commands.get_started_tasks([one.id for one in orphans])
        started = await self._context.execute(call)
        found: list[SettleDecision] = []
        for one, name in zip(orphans, started, strict=True):
            task = likely_task(one.place_item, name)
            record = lost_record(one.id, one.record, task, self._ended_at)
            found.append(SettleDecision("d", record, "finished"))
        return found

    async def _intents(self, records: list[RunRecord]) -> dict[str, Intent]:
        ids = [record.spec.id for record in records]
        calls = [self._context.commands.get_intent(run_id) for run_id in ids]
        found: dict[str, Intent] = {}
        for record, blob in zip(
            records, await self._context.redis.execute_all(*calls), strict=True
        ):
            run_id = record.spec.id
            intent = Intent.unpack(blob) if blob else self._intent_of(run_id)
            if intent is not None and intent.holds_for(len(record.attempts) + 1):
                found[run_id] = intent
        return found

    def _settle_run(self, record: RunRecord, intent: Intent | None) -> SettleDecision:
        unfinished = self._unfinished.get(record.spec.id)
        evidence = Evidence(
            exit=self._exit,
            started_at=self._started_at(unfinished),
            ended_at=self._ended_at,
            intent=intent,
            output=None if unfinished is None else self._output(unfinished, record),
            node=self._exit.node or self._context.config.node,
        )
        return determine_outcome(record, policies_of(self._context, record.spec), evidence)

    def _started_at(self, unfinished: UnfinishedRun | None) -> float | None:
        """Return when the run began; None: it certainly never did."""
        if unfinished is None and self._exit.slots_read:
            return None
        return (
            wall_of_ns(unfinished.started_ns)
            if unfinished and unfinished.started_ns
            else self._ended_at
        )

    def _output(self, unfinished: UnfinishedRun, record: RunRecord) -> list[Any] | None:
        if unfinished.run not in self._outputs:
            attempt = len(record.attempts) + 1
            index = unfinished.slot - self._exit.slot
            self._outputs[unfinished.run] = self._files.claim_output(index, unfinished.run, attempt)
        return self._outputs[unfinished.run]

    def _outcome(self, decision: SettleDecision) -> WrittenOutcome:
        self._log(decision)
        record = decision.record
        blob = encode_record(record)
        due_ms = int((self._ended_at + decision.wait_s) * 1000) if decision.wait_s else 0
        deliver = decision.is_for_middleware and not is_internal(record.spec.task)
        kind = _DELIVERED[decision.kind] if deliver else decision.kind
        outcome = LeaseOutcome(record.spec.id, record.spec.task, kind, blob, due_ms)
        detail = record.end.why if record.end else decision.why or describe_exit(self._exit)
        last = record.attempts[-1] if record.attempts else None
        ended = last if last and last.executor == self._exit.exec_id else None
        return outcome, run_event(self._ended_at, record, decision.what, detail, ended)

    def _log(self, decision: SettleDecision) -> None:
        record = decision.record
        if is_internal(record.spec.task):
            return  # the part that has submitted it says what became of it
        if record.end is not None or not record.attempts:
            return  # of a run that is over the failure log speaks
        spec, last = record.spec, record.attempts[-1]
        if last.executor == self._exit.exec_id:
            log.warning("run %s (%s) is queued again: %s", spec.id, spec.task, last.note)

    async def _write(self, outcomes: list[WrittenOutcome]) -> None:
        context = self._context
        for start in range(0, len(outcomes), BATCH):
            chunk = outcomes[start : start + BATCH]
            refused: list[str] = ["first"]
            while chunk and refused:
                refused = await context.execute(
                    context.commands.settle(
                        context.config.node,
                        self._exit.exec_id,
                        now_ms(),
                        pack_events([event for _, event in chunk]),
                        context.config.history,
                        [outcome for outcome, _ in chunk],
                    )
                )
                # Those refused were settled by an earlier command whose reply was lost.
                chunk = [w for w in chunk if w[0].id not in set(refused)]
