"""`kill`: end runs, with everything that they have started."""

import time
from typing import Any

from rtd.common.errors import WrongState
from rtd.model.run_record import Record, decode
from rtd.model.run_states import TERMINAL
from rtd.rpc.core.for_each_target import Outcome, for_each
from rtd.rpc.core.request import Ask
from rtd.rpc.core.resolve_target import no_such
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.ending.stops import ended_pids


async def handle(ask: Ask) -> dict[str, Any]:
    """Ask each run to stop, wait the grace, kill its tree; answers with every pid."""
    return await for_each(ask, _kill)


async def _kill(ask: Ask, run_id: str, _position: int) -> Outcome:
    record = await _record(ask, run_id)
    if record.state in TERMINAL:
        raise WrongState(f"run {run_id} has ended already: {record.state}")
    by = ask.client.peer.text
    reason = ask.params["reason"]
    why = f"killed by {by}" + (f": {reason}" if reason else "")
    stop = ask.node.stops.end(run_id, Intent(by, why, time.time()), ask.params["grace_s"])
    await ask.node.stops.wait(stop)
    record = await _record(ask, run_id)
    recorded = record.end.pids if record.end else None
    executor_lives = stop.exec_id in ask.core.executors
    return {
        "state": str(record.state),
        "pids": ended_pids(stop, recorded, root_alive=executor_lives),
    }


async def _record(ask: Ask, run_id: str) -> Record:
    blob = await ask.core.ask(ask.core.calls.get(run_id))
    if blob is None:
        raise no_such(run_id)
    return decode(blob)
