"""Helpers for run records: policies, place in a queue, events, cancelling."""

from typing import Any, Final

from rtd.common.errors import NoSuchRun, StoreError, UnknownTask
from rtd.model.internal_tasks import is_internal
from rtd.model.policies import Policies
from rtd.model.run_record import (
    Attempt,
    RunEnd,
    RunRecord,
    RunSpec,
    encode_record,
    pack_events,
    with_end,
)
from rtd.model.run_states import RunState
from rtd.store.commands import keys
from rtd.store.commands.arguments import Cancellation
from rtd.store.commands.stored_records import parse_record, readable_record, unreadable_text
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import SupervisorContext

#: Who ends a run that was not started in time.
EXPIRED: Final = "expired"


def policies_of(context: SupervisorContext, spec: RunSpec) -> Policies:
    """Return the policies of a run: its submit options over those of its task, if that exists."""
    try:
        base = context.manifest.find(spec.task).policies
    except UnknownTask:
        base = Policies()
    return base.overlay(spec.opts)


def place_of(spec: RunSpec) -> str:
    """Return the place of a queue that a run waits in."""
    return keys.place(spec.lane, spec.queue, spec.priority)


def item_of(spec: RunSpec) -> str:
    """Return the item that waits there for a run.

    A limit on concurrency always stands in the submit options, so the item stays the same when
    the app changes.
    """
    return keys.item(spec.id, spec.opts.get("max_concurrency"), spec.task)


def run_event(
    at: float, record: RunRecord, what: str, detail: Any = None, attempt: Attempt | None = None
) -> list[Any]:
    """Return an event of a run, in the form that the stream holds.

    Args:
        attempt: the one that ends with it.
    """
    event = [at, record.spec.id, record.spec.task, what, str(record.state), detail]
    return event if attempt is None else [*event, attempt.number, attempt.started_at]


def _is_heard_of(record: RunRecord, by: str) -> bool:
    """Check whether middleware must hear that a run is cancelled: one that it knows of, or that
    no client has cancelled."""
    return (by == EXPIRED or bool(record.attempts)) and not is_internal(record.spec.task)


async def cancel_waiting(
    context: SupervisorContext, blob: bytes, record: RunRecord, by: str, why: str, at: float
) -> str:
    """Cancel a run that waits, if its record is still this one.

    Args:
        blob: the record as it is stored.

    Returns:
        `ok`, `leased` (an executor has it), `changed` or `missing`.
    """
    cancelled = with_end(record, RunState.CANCELLED, RunEnd(at, None, by, why, None))
    withdrawal = Cancellation(
        id=record.spec.id,
        place=place_of(record.spec),
        item=item_of(record.spec),
        task=record.spec.task,
        old=blob,
        new=encode_record(cancelled),
        tell="t" if _is_heard_of(record, by) else "",
    )
    events = pack_events([run_event(at, cancelled, "cancelled", why or None)])
    answer: str = await context.batch.execute(
        context.commands.cancel(
            context.config.node, now_ms(), events, context.config.history, withdrawal
        )
    )
    return answer


def existing_record(run_id: str, blob: bytes | None) -> RunRecord:
    """Return the record of a run that is named.

    Raises:
        NoSuchRun: it is not there (any more).
        StoreError: it cannot be read.
    """
    if blob is None:
        raise no_such_run(run_id)
    try:
        return parse_record(run_id, blob)
    except ValueError as error:
        raise unreadable_run(run_id, error) from None


def unreadable_run(run_id: str, fault: object) -> StoreError:
    """Return the error for a run whose record, or a part of it, cannot be read."""
    return StoreError(f"run {run_id}: {unreadable_text(fault)}")


async def decode_unless_leased(
    context: SupervisorContext, run_id: str, blob: bytes | None
) -> tuple[bytes, RunRecord] | None:
    """Return the record of a run, as it is stored and decoded.

    None: it cannot be read, and an executor has the run: that writes a new one at the run's end.
    Raises StoreGone, and as `existing_record` does.

    Args:
        blob: the record as it was read just now.
    """
    record = None if blob is None else readable_record(run_id, blob)
    if blob is None or record is not None:
        return blob or b"", record or existing_record(run_id, blob)
    leases = await context.execute(context.commands.list_leased())
    if any(lease.id == run_id for lease in leases):
        return None
    blob = await context.execute(context.commands.get_record(run_id))  # it may have ended just then
    return blob or b"", existing_record(run_id, blob)


def no_such_run(run_id: str) -> NoSuchRun:
    """Return the error for a whole id that Redis does not have (any more)."""
    return NoSuchRun(f"there is no run {run_id} (records are kept for the configured retention)")
