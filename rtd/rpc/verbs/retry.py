"""`retry`: submit ended runs once more, as new runs."""

import time
from collections.abc import Mapping
from typing import Any

from rtd.common.errors import BadRequest, WrongState
from rtd.common.format_units import format_count
from rtd.common.ids import is_id, new_id
from rtd.model.run_record import RETRY_OF, new_record
from rtd.model.run_states import TERMINAL, RunState
from rtd.protocol import run_verbs
from rtd.rpc.core.for_each_target import TargetOutcome, for_each_target
from rtd.rpc.core.read_records import read_record
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.verb_handlers import handles
from rtd.store.commands.arguments import Submission
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.run_helpers import item_of, place_of, policies_of


@handles(run_verbs.RETRY)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Submit a new run for each; the old ones stay as they ended."""
    check_ids(request.params)
    return await for_each_target(request, retry_run)


def check_ids(params: Mapping[str, Any]) -> None:
    """Check the ids of the new runs, if the request has some. Raises BadRequest."""
    ids = params["ids"]
    if ids is not None and len(ids) != len(params["runs"]):
        raise BadRequest(
            f"retry: {format_count(len(ids), 'id')} for {format_count(len(params['runs']), 'run')}"
        )
    for run_id in ids or []:
        if not is_id(run_id):
            raise BadRequest(f"retry: {run_id!r:.60} is no run id (a ULID)")


async def retry_run(request: ClientRequest, run_id: str, position: int) -> TargetOutcome:
    """Submit a run that has ended once more. Raises NoSuchRun, WrongState, UnknownTask."""
    context = request.context
    _, record = await read_record(context, run_id)
    if record.state not in TERMINAL:
        raise WrongState(f"run {run_id} has not ended; it is {record.state}")
    context.find_task(record.spec.task)
    ids = request.params["ids"]
    now_at = time.time()
    spec = record.spec._replace(
        id=new_id() if ids is None else ids[position],
        submitted_at=now_at,
        opts={**record.spec.opts, RETRY_OF: run_id},
        by=request.client.peer.text,
        key=None,
    )
    expires_s = policies_of(context, spec).expires_s
    expires_ms = 0 if expires_s is None else int((now_at + expires_s) * 1000)
    run = Submission(spec.id, new_record(spec), item_of(spec), 0, expires_ms)
    await context.execute(
        context.commands.submit(context.config.node, place_of(spec), spec.task, now_ms(), [run])
    )
    return {"state": str(RunState.QUEUED), "new": spec.id}
