"""`result`: the value that a run returned, or why there is none."""

from typing import Any

from rtd.protocol import run_verbs
from rtd.rpc.core.ended_runs import result_of
from rtd.rpc.core.read_records import read_record
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import resolve_target
from rtd.rpc.core.run_rows import RunRows
from rtd.rpc.core.verb_handlers import handles


@handles(run_verbs.RESULT)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Return the value as the task returned it."""
    context = request.context
    run_id = await resolve_target(context, request.params["run"])
    _, record = await read_record(context, run_id)
    return result_of(record, RunRows(context).of_record(record))
