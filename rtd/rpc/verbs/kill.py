"""`kill`: end runs, with everything that they have started."""

import time
from typing import Any

from rtd.common.errors import WrongState
from rtd.model.run_record import RunRecord, decode_record
from rtd.model.run_states import TERMINAL
from rtd.rpc.core.for_each_target import TargetOutcome, for_each_target
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import no_such_run
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.ending.stops import ended_pids


async def handle(ask: ClientRequest) -> dict[str, Any]:
    """Ask each run to stop, wait the grace, kill its tree; answers with every pid."""
    return await for_each_target(ask, _kill)


async def _kill(ask: ClientRequest, run_id: str, _position: int) -> TargetOutcome:
    record = await _record(ask, run_id)
    if record.state in TERMINAL:
        raise WrongState(f"run {run_id} has ended already: {record.state}")
    by = ask.client.peer.text
    reason = ask.params["reason"]
    why = f"killed by {by}" + (f": {reason}" if reason else "")
    stop = ask.node.stops.stop_run(run_id, Intent(by, why, time.time()), ask.params["grace_s"])
    await ask.node.stops.wait(stop)
    record = await _record(ask, run_id)
    recorded = record.end.pids if record.end else None
    executor_lives = stop.exec_id in ask.context.executors
    return {
        "state": str(record.state),
        "pids": ended_pids(stop, recorded, root_alive=executor_lives),
    }


async def _record(ask: ClientRequest, run_id: str) -> RunRecord:
    blob = await ask.context.execute(ask.context.commands.get_record(run_id))
    if blob is None:
        raise no_such_run(run_id)
    return decode_record(blob)
