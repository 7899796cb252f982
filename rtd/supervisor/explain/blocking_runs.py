"""The active runs of a task that keep it from starting, and what each of them waits for."""

from typing import Any, Final

from rtd.common.format_units import format_time
from rtd.language.core.time_zones import Zone
from rtd.model.run_record import RunRecord
from rtd.model.run_states import TERMINAL
from rtd.planner.planner import Planner
from rtd.planner.scheduled_task import ScheduledTask
from rtd.store.commands.run_places import LeasedPlace, WaitingPlace
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.runs.other_nodes import executors_elsewhere
from rtd.supervisor.runs.queued_reason import QueuedReason, queued_reason

#: How many queued runs are searched for the position of a run.
MAX_QUEUED: Final = 10_000

Hold = dict[str, Any]


def make_hold(kind: str, text: str, run: str | None = None, until: float | None = None) -> Hold:
    """Return one thing that keeps a task from starting, as the verb `why` answers it."""
    return {"kind": kind, "text": text, "run": run, "until": until}


async def blocking_runs(
    context: SupervisorContext, planner: Planner, task: ScheduledTask
) -> list[Hold]:
    """Return a hold for each active run of a task. Raises StoreGone."""
    active = list(planner.history.active_runs(task.name))
    if not active:
        return []
    calls = context.commands
    leases: list[LeasedPlace]
    queued: list[WaitingPlace]
    elsewhere = await executors_elsewhere(context)
    blobs, leases, queued = await context.redis.execute_all(
        calls.get_records(active), calls.list_leased(), calls.list_waiting(MAX_QUEUED)
    )
    leased = {lease.id: elsewhere.get(lease.exec) for lease in leases}
    ahead = {run.id: n for n, run in enumerate(run for run in queued if run.where == "queue")}
    due_times = await _due_times(context, [run for run in queued if run.id in active])
    holds: list[Hold] = []
    for run_id, blob in zip(active, blobs, strict=True):
        record = readable_record(run_id, blob)
        if run_id in leased:
            node = leased[run_id]
            text = f"its run {run_id} is running" + (f" on node {node}" if node else "")
            holds.append(make_hold("running", text, run_id))
        elif record is None:
            if blob is not None:
                text = f"the record of its run {run_id} cannot be read: it ends when it is its turn"
                holds.append(make_hold("queued", text, run_id))
        elif record.state not in TERMINAL:
            due_at = due_times.get(run_id)
            reason = await queued_reason(context, record, due_at)
            holds.append(_queued_hold(record, reason, due_at, ahead.get(run_id), task.zone))
    return holds


async def _due_times(context: SupervisorContext, runs: list[WaitingPlace]) -> dict[str, float]:
    """Return when the delayed ones of these runs are due, by their ids."""
    delayed = {run.place_item: run.id for run in runs if run.where == "delayed"}
    if not delayed:
        return {}
    found = await context.execute(context.commands.get_due_times(list(delayed)))
    return {delayed[place_item]: at for place_item, at in found}


def _queued_hold(
    record: RunRecord, reason: QueuedReason, due_at: float | None, ahead: int | None, zone: Zone
) -> Hold:
    """Return the hold of a queued run.

    Args:
        ahead: how many queued runs are ahead of it.
    """
    is_delayed = reason.kind in ("due", "backoff")
    text = f"its run {record.spec.id} waits in queue {record.spec.queue}"
    if due_at is not None and is_delayed:
        text += f" until {format_time(due_at, zone.tz)}"
    elif ahead is not None and reason.kind == "queued":
        text += f", {ahead} ahead of it"
    text += f": {reason.text}" if reason.text else ""
    return make_hold(reason.kind, text, record.spec.id, due_at if is_delayed else None)
