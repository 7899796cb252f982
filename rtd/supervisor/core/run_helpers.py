"""What the supervisor reads from and writes into a run's record."""

from typing import Any

from rtd.common.errors import UnknownTask
from rtd.model.policies import Policies
from rtd.model.run_record import (
    RunEnd,
    RunRecord,
    RunSpec,
    decode_record,
    encode_record,
    pack_events,
    with_end,
)
from rtd.model.run_states import RunState
from rtd.store.commands import keys
from rtd.store.commands.arguments import Cancellation
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import SupervisorContext


def policies_of(context: SupervisorContext, spec: RunSpec) -> Policies:
    """The policies in force for a run; of a task that is no more, what its submit set."""
    try:
        base = context.manifest.find(spec.task).policies
    except UnknownTask:
        base = Policies()
    return base.overlay(spec.opts)


def place_of(spec: RunSpec) -> str:
    """Where the run waits."""
    return keys.place(spec.lane, spec.queue, spec.priority)


def item_of(spec: RunSpec) -> str:
    """What waits there. A limit on concurrency is always among the submit's options, so that
    this stays the same when the app changes."""
    return keys.item(spec.id, spec.opts.get("max_concurrency"), spec.task)


def run_event(at: float, record: RunRecord, what: str, detail: Any = None) -> list[Any]:
    """One event of a run, as the stream holds it."""
    return [at, record.spec.id, record.spec.task, what, str(record.state), detail]


async def cancel_waiting(
    context: SupervisorContext, blob: bytes, by: str, why: str, at: float
) -> str:
    """End a run that waits, if its record is still this one.

    Returns:
        `ok`, `leased` (an executor has it), `changed` or `missing`.
    """
    record = decode_record(blob)
    gone = with_end(record, RunState.CANCELLED, RunEnd(at, None, by, why, None))
    withdrawal = Cancellation(
        id=record.spec.id,
        place=place_of(record.spec),
        item=item_of(record.spec),
        task=record.spec.task,
        old=blob,
        new=encode_record(gone),
    )
    events = pack_events([run_event(at, gone, "cancelled", why or None)])
    answer: str = await context.execute(
        context.commands.cancel(
            context.config.node, now_ms(), events, context.config.history, withdrawal
        )
    )
    return answer
