"""Writing the outcome of runs whose executor cannot: fenced first, then decided one by one."""

import time
from collections.abc import Callable
from typing import Any, Final

from rtd.common.errors import StoreGone
from rtd.model.run_events import pack_events
from rtd.model.run_record import Record, decode, encode
from rtd.store.commands.arguments import Orphan, Outcome
from rtd.supervisor.core.clock import now_ms, wall_of_ns
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.executor_registry import Gone, Unfinished
from rtd.supervisor.core.log import log
from rtd.supervisor.core.run_helpers import event, policies_of
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.ending.dead_executor_files import Leftovers
from rtd.supervisor.ending.settle_decision import Evidence, Verdict, decide, how_it_ended

#: Outcomes in one call of the script.
BATCH: Final = 500

#: An outcome, and the event that tells of it.
Written = tuple[Outcome, list[Any]]


class Settler:
    """Settles dead executors, each as soon as Redis answers.

    Args:
        core: the shared ground.
        note_of: the intent that this supervisor has for a run, should Redis not have it.
    """

    def __init__(self, core: Core, note_of: Callable[[str], Intent | None]) -> None:
        self._core = core
        self._note_of = note_of
        self._going: set[str] = set()

    @property
    def going(self) -> int:
        """How many executors wait to be settled."""
        return len(self._going)

    def is_going(self, exec_id: str) -> bool:
        """Whether that executor is being settled."""
        return exec_id in self._going

    def start(self, gone: Gone, done: Callable[[], None]) -> None:
        """Settle an executor that has ended; `done` is called when nothing is left to do."""
        if gone.exec_id in self._going:
            return
        self._going.add(gone.exec_id)
        name = f"settling executor {gone.exec_id}"
        self._core.jobs.start(self._until_done(gone, done), name)

    async def _until_done(self, gone: Gone, done: Callable[[], None]) -> None:
        case = _Case(self._core, gone, self._note_of)
        try:
            while True:
                try:
                    await case.settle()
                    break
                except StoreGone:
                    await self._core.redis_back()
        finally:
            self._going.discard(gone.exec_id)
        done()


class _Case:
    """One dead executor. May be settled again from the start after a loss of Redis."""

    def __init__(self, core: Core, gone: Gone, note_of: Callable[[str], Intent | None]) -> None:
        self._core = core
        self._gone = gone
        self._going = {on.run: on for on in gone.runs}
        self._note_of = note_of
        self._ended_at = time.time()
        self._leftovers = Leftovers(core.places.output_dir, gone.exec_id)
        self._outputs: dict[str, list[Any] | None] = {}

    async def settle(self) -> None:
        """Fence, decide, write. Raises StoreGone."""
        core, gone = self._core, self._gone
        fence = core.calls.fence(core.config.node, gone.exec_id, gone.by_own_doing)
        orphans: list[Orphan] = await core.ask(fence)
        for orphan in orphans:
            if not orphan.record:
                log.error("the record of run %s is missing in Redis", orphan.id)
        orphans = [orphan for orphan in orphans if orphan.record]
        if orphans:
            reported = {written[0].id: written for written in self._leftovers.reported()}
            intents = await self._intents(orphans)
            outcomes = [
                reported.get(orphan.id) or self._judge(orphan, intents.get(orphan.id))
                for orphan in orphans
            ]
            await self._write(outcomes)
        self._leftovers.remove()

    async def _intents(self, orphans: list[Orphan]) -> dict[str, Intent]:
        calls = [self._core.calls.intent(orphan.id) for orphan in orphans]
        found: dict[str, Intent] = {}
        for orphan, blob in zip(orphans, await self._core.redis.call(*calls), strict=True):
            intent = Intent.unpack(blob) if blob else self._note_of(orphan.id)
            if intent is not None:
                found[orphan.id] = intent
        return found

    def _judge(self, orphan: Orphan, intent: Intent | None) -> Written:
        record = decode(orphan.record)
        on = self._going.get(orphan.id)
        evidence = Evidence(
            gone=self._gone,
            started_at=self._started_at(on),
            ended_at=self._ended_at,
            intent=intent,
            output=None if on is None else self._output(on, record),
        )
        verdict = decide(record, policies_of(self._core, record.spec), evidence)
        self._log(verdict)
        return self._outcome(orphan, verdict)

    def _started_at(self, on: Unfinished | None) -> float | None:
        """When the run began; None: it is certain that it never did."""
        if on is None and self._gone.seen:
            return None
        return wall_of_ns(on.started_ns) if on and on.started_ns else self._ended_at

    def _output(self, on: Unfinished, record: Record) -> list[Any] | None:
        if on.run not in self._outputs:
            attempt = len(record.attempts) + 1
            index = on.slot - self._gone.slot
            self._outputs[on.run] = self._leftovers.keep_output(index, on.run, attempt)
        return self._outputs[on.run]

    def _outcome(self, orphan: Orphan, verdict: Verdict) -> Written:
        record = verdict.record
        blob = encode(record)
        outcome = Outcome(orphan.id, record.spec.task, verdict.kind, blob)
        detail = record.end.why if record.end else how_it_ended(self._gone)
        return outcome, event(self._ended_at, record, verdict.what, detail)

    def _log(self, verdict: Verdict) -> None:
        record = verdict.record
        name = f"run {record.spec.id} ({record.spec.task})"
        if record.end is not None:
            log.warning("%s is %s: %s", name, record.state, record.end.why)
        elif record.attempts and record.attempts[-1].executor == self._gone.exec_id:
            log.warning("%s is queued again: %s", name, record.attempts[-1].note)

    async def _write(self, outcomes: list[Written]) -> None:
        core = self._core
        for start in range(0, len(outcomes), BATCH):
            chunk = outcomes[start : start + BATCH]
            refused: list[str] = ["first"]
            while chunk and refused:
                refused = await core.ask(
                    core.calls.settle(
                        core.config.node,
                        self._gone.exec_id,
                        now_ms(),
                        pack_events([told for _, told in chunk]),
                        core.config.history,
                        [outcome for outcome, _ in chunk],
                    )
                )
                # Settled by an earlier call whose reply was lost.
                chunk = [w for w in chunk if w[0].id not in set(refused)]
