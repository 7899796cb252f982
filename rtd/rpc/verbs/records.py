"""`ended`, `forget`, `leases`: old runs, the removal of their records, and stale leases."""

from typing import Any, Final

from rtd.common.errors import BadRequest, NoSuchRun, WrongState
from rtd.model.run_states import TERMINAL
from rtd.protocol import record_verbs
from rtd.rpc.core.bad_records import RunRow
from rtd.rpc.core.for_each_target import TargetOutcome, for_each_target
from rtd.rpc.core.read_records import read_record, read_records
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.run_rows import RunRows
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.ending.stale_leases import find_stale, settle_now

LIMIT_MAX: Final = 1000
#: Runs of a task that are read at once, after the oldest has turned out to be old enough.
PAGE: Final = 100


@handles(record_verbs.ENDED)
async def ended(request: ClientRequest) -> dict[str, Any]:
    """Return runs that ended before a time: for each task the oldest first."""
    params, context = request.params, request.context
    limit, skips = params["limit"], params["skip"]
    if not 1 <= limit <= LIMIT_MAX:
        raise BadRequest(f"ended: limit must be 1 to {LIMIT_MAX}, not {limit}")
    if any(type(skip) is not int or skip < 0 for skip in skips.values()):
        raise BadRequest("ended: skip holds whole numbers, 0 or more, by the names of tasks")
    tasks = sorted(await context.execute(context.commands.tasks_done()))
    if params["task"] is not None:
        tasks = [task for task in tasks if task == params["task"]]
    rows, found = RunRows(context), list[RunRow]()
    for task in tasks:
        found += await _oldest(request, rows, task, skips.get(task, 0), limit + 1 - len(found))
        if len(found) > limit:
            break
    return {"runs": found[:limit], "more": len(found) > limit}


async def _oldest(
    request: ClientRequest, rows: RunRows, task: str, skip: int, most: int
) -> list[RunRow]:
    """Return the oldest runs of a task that are old enough, at most so many."""
    context, before_at, found = request.context, request.params["before"], list[RunRow]()
    size = 1
    while len(found) < most:
        call = context.commands.list_done_ids(size, task=task, offset=-size - skip)
        ids: list[str] = await context.execute(call)
        page = [rows.of_blob(run, blob) async for run, blob in read_records(context, ids[::-1])]
        old = [row for row in page if (row["ended_at"] or 0.0) < before_at]
        found += old
        if len(ids) < size or len(old) < len(page):
            break
        skip, size = skip + size, min(PAGE, most)
    return found[:most]


@handles(record_verbs.FORGET)
async def forget(request: ClientRequest) -> dict[str, Any]:
    """Remove the record of each run that has ended."""
    return await for_each_target(request, _forget)


async def _forget(request: ClientRequest, run_id: str, _position: int) -> TargetOutcome:
    context = request.context
    _, record = await read_record(context, run_id)
    if record.state not in TERMINAL:
        raise WrongState(f"run {run_id} has not ended; `rtctl kill` ends it")
    if not await context.execute(context.commands.forget_run(record.spec.task, run_id)):
        raise NoSuchRun(f"run {run_id} is gone already")
    return {"state": str(record.state)}


@handles(record_verbs.LEASES)
async def leases(request: ClientRequest) -> dict[str, Any]:
    """Count the leases and list the stale ones."""
    context = request.context
    count, stale = await find_stale(context)
    if request.params["settle"] and stale:
        work = settle_now(context, request.node.settler)
        context.jobs.start(work, "settling stale leases")
    return {"leases": count, "stale": [lease._asdict() for lease in stale]}
