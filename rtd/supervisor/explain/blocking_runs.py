"""Where the runs of a task are that keep it from starting."""

from typing import Any, Final

from rtd.language.core.durations import SECOND
from rtd.language.core.time_zones import Zone
from rtd.model.run_record import RunRecord, decode_record
from rtd.model.run_states import TERMINAL
from rtd.planner.planner import Planner
from rtd.planner.scheduled_task import ScheduledTask
from rtd.store.commands.reads import QueueState, RunLease, WaitingRun
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.runs.queued_reason import queued_reason

#: A run's position is looked for among so many.
MAX_QUEUED: Final = 10_000

Hold = dict[str, Any]


def make_hold(kind: str, text: str, run: str | None = None, until: float | None = None) -> Hold:
    """One thing that keeps a task from starting."""
    return {"kind": kind, "text": text, "run": run, "until": until}


def format_time(at: float, zone: Zone) -> str:
    """A time of the task's own zone, as its condition means it."""
    return zone.to_datetime(round(at * SECOND)).strftime("%Y-%m-%d %H:%M:%S %Z")


async def blocking_runs(
    context: SupervisorContext, planner: Planner, entry: ScheduledTask
) -> list[Hold]:
    """Its runs that have not ended, and where each of them is. Raises StoreGone."""
    going = list(planner.history.active_runs(entry.name))
    if not going:
        return []
    calls = context.commands
    blobs, running, waiting, queues = await context.redis.execute_all(
        calls.get_records(going), calls.list_running(), calls.list_queued(MAX_QUEUED),
        calls.queue_table(),
    )  # fmt: skip
    spots = await _due(context, [w for w in waiting if w.id in set(going)])
    holds: list[Hold] = []
    for blob in blobs:
        record = None if blob is None else decode_record(blob)
        if record is not None and record.state not in TERMINAL:
            found = _of_run(record, running, waiting, queues, spots, entry.zone)
            if found["kind"] == "queued" and (why := await queued_reason(context, record, None)):
                found["text"] += f": {why}"
            holds.append(found)
    return holds


async def _due(context: SupervisorContext, waiting: list[WaitingRun]) -> dict[str, float]:
    delayed = [w.place_item for w in waiting if w.where == "delayed"]
    if not delayed:
        return {}
    return dict(await context.execute(context.commands.get_due_times(delayed)))


def _of_run(
    record: RunRecord,
    running: list[RunLease],
    waiting: list[WaitingRun],
    queues: list[QueueState],
    due: dict[str, float],
    zone: Zone,
) -> Hold:
    spec = record.spec
    if any(lease.id == spec.id for lease in running):
        return make_hold("running", f"its run {spec.id} is going on", spec.id)
    place = next((w for w in waiting if w.id == spec.id), None)
    if place is None:
        return make_hold("queued", f"its run {spec.id} waits in queue {spec.queue}", spec.id)
    if place.where == "delayed":
        at = due.get(place.place_item)
        when = "" if at is None else f" until {format_time(at, zone)}"
        if record.attempts:
            text = f"its run {spec.id} failed and waits to be tried again{when}"
            return make_hold("backoff", text, spec.id, at)
        return make_hold("due", f"its run {spec.id} is delayed{when}", spec.id, at)
    if place.where == "held":
        text = f"its run {spec.id} waits: max_concurrency runs of the task are going"
        return make_hold("concurrency", text, spec.id)
    if any(row.queue == spec.queue and row.paused for row in queues):
        text = f"its run {spec.id} waits in queue {spec.queue}, which is paused"
        return make_hold("queue_paused", text, spec.id)
    same = [w.id for w in waiting if w.where == "queue"]
    text = f"its run {spec.id} waits in queue {spec.queue}, {same.index(spec.id)} ahead of it"
    return make_hold("queued", text, spec.id)
