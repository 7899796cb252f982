"""Outcomes that Redis has not acknowledged yet: on disk from the moment an attempt has ended."""

from typing import Any, Final

import msgpack

from rtd.common.stdlib.originals import time
from rtd.common.text_of import pack_plain
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.executor_options import ExecutorContext
from rtd.executor.core.record_stop import record_stop
from rtd.executor.core.run_aspect import RunAspect
from rtd.model.internal_tasks import is_internal
from rtd.model.lanes import INTERNAL_LANES
from rtd.model.manifest import COMMAND
from rtd.model.outcome_spool import Spool
from rtd.model.output_files import Places
from rtd.model.run_record import RunRecord, encode_record, pack_events
from rtd.model.run_states import STATE_CHAR, RunState
from rtd.store.commands.arguments import LeaseOutcome as Written
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand

_CANCELLED: Final = STATE_CHAR[RunState.CANCELLED]


class OutcomeBatch(RunAspect):
    """The outcomes of one executor for Redis.

    Attributes:
        pending: outcomes and their events, in the order in which they ended.
        has_middleware: the app has middleware.
        unclear: runs that were stopped while Redis was away, which knows why, and their outcomes
            once they are there.
    """

    def __init__(self, context: ExecutorContext, spool: Spool, calls: StoreCommands) -> None:
        self._exec_id = context.exec_id
        self._options = context.options
        self._spool = spool
        self._commands = calls
        self.has_middleware = False
        # The runs of rtd itself leave no events.
        is_of_rtd = context.lane.name in INTERNAL_LANES
        self._pack_events = pack_events if is_of_rtd else pack_plain
        self.pending: list[tuple[Written, list[Any]]] = []
        self.unclear: dict[str, AttemptOutcome | None] = {}

    def add(self, outcome: AttemptOutcome) -> None:
        """Add an attempt that has ended. It survives a crash of this process from here on."""
        if outcome.leased_run.id in self.unclear:
            self.unclear[outcome.leased_run.id] = outcome
        self._add(*self._written(outcome))

    def clarify(self, connection: RedisConnection) -> None:
        """Read why runs were stopped that have ended while Redis was away, and let their outcomes
        say so. Raises StoreGone."""
        found = {run_id: one for run_id, one in self.unclear.items() if one is not None}
        blobs = connection.execute_all(*map(self._commands.get_intent, found))
        for outcome, blob in zip(found.values(), blobs, strict=True):
            if blob is not None:
                record_stop(outcome, msgpack.unpackb(blob))
        self.pending = [
            self._written(found[old[0].id]) if old[0].id in found else old for old in self.pending
        ]
        self.unclear = {run_id: None for run_id in self.unclear if run_id not in found}

    def _written(self, outcome: AttemptOutcome) -> tuple[Written, list[Any]]:
        """Return the outcome for Redis, and its event."""
        wait_s = outcome.retry_wait_s()
        record = outcome.record(self._exec_id, self._options.node, wait_s is not None)
        work = outcome.leased_run
        if wait_s is None:
            written = Written(work.id, work.task, "d", record)
            what = "finished"
        else:
            due_ms = int((outcome.ended_at + wait_s) * 1000) if wait_s else 0
            written = Written(work.id, work.task, outcome.requeue or "a", record, due_ms)
            what = "requeued" if outcome.requeue else "retry"
        if self.has_middleware and _is_undelivered(outcome):
            written = written._replace(kind="dt" if wait_s is None else "at")
        return written, [
            outcome.ended_at, work.id, work.task, what, outcome.state, outcome.why,
            work.attempt_number, None if outcome.state == _CANCELLED else outcome.started_at,
        ]  # fmt: skip

    def add_record(self, record: RunRecord) -> None:
        """Add the record that ends a run which was not carried out."""
        spec, end, char = record.spec, record.end, STATE_CHAR[record.state]
        assert end is not None
        written = Written(spec.id, spec.task, "d", encode_record(record))
        self._add(written, [end.ended_at, spec.id, spec.task, "finished", char, end.why])

    def _add(self, written: Written, event: list[Any]) -> None:
        self.pending.append((written, event))
        self._spool.add(pack_plain([*written, event]))

    leave = add

    @property
    def must_be_sent(self) -> bool:
        """Whether the spool is full and must be emptied before the next run."""
        return self._spool.full

    def finish_command(self) -> RedisCommand:
        """Return the command that writes all of them to Redis."""
        return self._commands.finish(
            self._options.node,
            self._exec_id,
            int(time.time() * 1000),
            self._pack_events([event for _, event in self.pending]),
            self._options.history,
            [written for written, _ in self.pending],
        )

    def acknowledge(self) -> list[str]:
        """Forget all outcomes: Redis has them. Returns the ids of their runs."""
        ids = [written.id for written, _ in self.pending]
        self.pending.clear()
        self._spool.clear()
        return ids

    def own_fds(self) -> Places:
        """Return the descriptors that no task may close, with their files."""
        return self._spool.own_fds()

    def replace_fds(self) -> None:
        """Open the spool again: a task has closed it."""
        self._spool.forget_file()

    def drop_refused(self, refused: set[str]) -> None:
        """Drop outcomes of runs that were settled by the supervisor, or by an earlier call whose
        reply was lost."""
        self.pending = [one for one in self.pending if one[0].id not in refused]


def _is_undelivered(outcome: AttemptOutcome) -> bool:
    """Return whether middleware must hear of an attempt, and has not heard of it in its run."""
    if outcome.is_delivered or outcome.requeue:
        return False
    work = outcome.leased_run
    if work.definition is not None:
        return work.has_middleware
    # The app does not have the task any more; commands of `rtctl run` have no middleware.
    return work.task != COMMAND and not is_internal(work.task)
