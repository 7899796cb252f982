"""`cancel`: withdraw runs that have not started."""

import time
from typing import Any

from rtd.common.errors import Conflict, WrongState
from rtd.model.run_states import TERMINAL, RunState
from rtd.protocol import run_verbs
from rtd.rpc.core.for_each_target import TargetOutcome, for_each_target
from rtd.rpc.core.read_records import read_record
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.core.run_helpers import cancel_waiting

#: How often a record that changes meanwhile is read again.
TRIES = 5


@handles(run_verbs.CANCEL)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Cancel each run that still waits."""
    return await for_each_target(request, cancel_run)


async def cancel_run(request: ClientRequest, run_id: str, _position: int) -> TargetOutcome:
    """Cancel a run that still waits. Raises WrongState, Conflict, NoSuchRun."""
    context, by = request.context, request.client.peer.text
    reason = request.params["reason"]
    why = f"cancelled by {by}" + (f": {reason}" if reason else "")
    for _ in range(TRIES):
        blob, record = await read_record(context, run_id)
        if record.state in TERMINAL:
            raise WrongState(f"run {run_id} has ended already: {record.state}")
        answer = await cancel_waiting(context, blob, record, by, why, time.time())
        if answer == "ok":
            return {"state": str(RunState.CANCELLED)}
        if answer == "leased":
            raise WrongState(f"run {run_id} is running; `rtctl kill` ends it")
    raise Conflict(f"run {run_id} changes all the time; try again")
