"""Where the runs of a task are that keep it from starting."""

from typing import Any, Final

from rtd.language.time.durations import SECOND
from rtd.language.time.time_zones import Zone
from rtd.model.run_record import Record, decode
from rtd.model.run_states import TERMINAL
from rtd.planner.entry import Entry
from rtd.planner.planner import Planner
from rtd.store.commands.reads import QueueRow, Running, Waiting
from rtd.supervisor.core.context import Core
from rtd.supervisor.runs.queued_reason import what_it_waits_for

#: A run's position is looked for among so many.
QUEUED: Final = 10_000

Hold = dict[str, Any]


def hold(kind: str, text: str, run: str | None = None, until: float | None = None) -> Hold:
    """One thing that keeps a task from starting."""
    return {"kind": kind, "text": text, "run": run, "until": until}


def clock(at: float, zone: Zone) -> str:
    """A time of the task's own zone, as its condition means it."""
    return zone.show(round(at * SECOND)).strftime("%Y-%m-%d %H:%M:%S %Z")


async def own_runs(core: Core, planner: Planner, entry: Entry) -> list[Hold]:
    """Its runs that have not ended, and where each of them is. Raises StoreGone."""
    going = list(planner.past.going(entry.name))
    if not going:
        return []
    calls = core.calls
    blobs, running, waiting, queues = await core.redis.call(
        calls.get_many(going), calls.list_running(), calls.list_queued(QUEUED),
        calls.queue_table(),
    )  # fmt: skip
    spots = await _due(core, [w for w in waiting if w.id in set(going)])
    holds: list[Hold] = []
    for blob in blobs:
        record = None if blob is None else decode(blob)
        if record is not None and record.state not in TERMINAL:
            found = _of_run(record, running, waiting, queues, spots, entry.zone)
            if found["kind"] == "queued" and (why := await what_it_waits_for(core, record, None)):
                found["text"] += f": {why}"
            holds.append(found)
    return holds


async def _due(core: Core, waiting: list[Waiting]) -> dict[str, float]:
    delayed = [w.place_item for w in waiting if w.where == "delayed"]
    if not delayed:
        return {}
    return dict(await core.ask(core.calls.due_of(delayed)))


def _of_run(
    record: Record,
    running: list[Running],
    waiting: list[Waiting],
    queues: list[QueueRow],
    due: dict[str, float],
    zone: Zone,
) -> Hold:
    spec = record.spec
    if any(lease.id == spec.id for lease in running):
        return hold("running", f"its run {spec.id} is going on", spec.id)
    place = next((w for w in waiting if w.id == spec.id), None)
    if place is None:
        return hold("queued", f"its run {spec.id} waits in queue {spec.queue}", spec.id)
    if place.where == "delayed":
        at = due.get(place.place_item)
        when = "" if at is None else f" until {clock(at, zone)}"
        if record.attempts:
            text = f"its run {spec.id} failed and waits to be tried again{when}"
            return hold("backoff", text, spec.id, at)
        return hold("due", f"its run {spec.id} is delayed{when}", spec.id, at)
    if place.where == "held":
        text = f"its run {spec.id} waits: max_concurrency runs of the task are going"
        return hold("concurrency", text, spec.id)
    if any(row.queue == spec.queue and row.paused for row in queues):
        text = f"its run {spec.id} waits in queue {spec.queue}, which is paused"
        return hold("queue_paused", text, spec.id)
    same = [w.id for w in waiting if w.where == "queue"]
    text = f"its run {spec.id} waits in queue {spec.queue}, {same.index(spec.id)} ahead of it"
    return hold("queued", text, spec.id)
