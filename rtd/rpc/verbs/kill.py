"""`kill`: end runs and everything that they started."""

import time
from typing import Any

from rtd.common.errors import StoreError, WrongState
from rtd.model.run_states import TERMINAL
from rtd.protocol import run_verbs
from rtd.rpc.core.for_each_target import TargetOutcome, TargetWork, for_each_target
from rtd.rpc.core.read_records import read_record
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.run_rows import ended_processes
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.core.stop_request import Intent, Stop


@handles(run_verbs.KILL)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Ask each run to stop, wait the grace, kill its process tree. Answers with every pid."""
    return await for_each_target(request, _kill)


async def _kill(request: ClientRequest, run_id: str, _position: int) -> TargetWork:
    read = None
    try:
        read = await read_record(request.context, run_id)
    except StoreError:  # it cannot be read; what runs ends all the same
        if request.node.stops.slots.find(run_id) is None:
            raise
    else:
        if read[1].state in TERMINAL:
            raise WrongState(f"run {run_id} has ended already: {read[1].state}")
    by = request.client.peer.text
    reason = request.params["reason"]
    why = f"killed by {by}" + (f": {reason}" if reason else "")
    stop = request.node.stops.stop_run(
        run_id, Intent(by, why, time.time()), request.params["grace_s"], read
    )
    over = _until_over(request, stop)
    # The grace of one run is not to hold up the others; as many as there are slots may run.
    return over if request.node.stops.slots.find(run_id) is not None else await over


async def _until_over(request: ClientRequest, stop: Stop) -> TargetOutcome:
    await request.context.redis.wait_unless_silent(request.node.stops.wait(stop))
    record = None if stop.read is None else stop.read[1]
    if record is None or record.state not in TERMINAL:
        _, record = await read_record(request.context, stop.run_id)
    recorded = record.end.pids if record.end else None
    executor_lives = stop.exec_id in request.context.executors
    how = "SIGKILL" if request.params["grace_s"] == 0 else "ended when asked"
    ended = _ended_pids(stop, recorded, how, root_alive=executor_lives)
    return {
        "state": str(record.state),
        "pids": ended_processes(request.context, record.spec.task, ended),
    }


def _ended_pids(
    stop: Stop, recorded: list[list[Any]] | None, how: str, root_alive: bool
) -> list[list[Any]]:
    """Return each process of a stopped run, and how it ended: those that rtd ended, and those
    that existed before the stop and ended by themselves.

    Args:
        how: what is said of the latter; without a grace there was no time for anything but a kill.
    """
    names = dict(stop.processes)  # read before the stop: a process that ended has no arguments
    pids = [[pid, names.get(pid) or name, end] for pid, name, end in recorded or []]
    known = {entry[0] for entry in pids}
    for position, (pid, name) in enumerate(stop.processes):
        if pid not in known and not (position == 0 and root_alive):
            pids.append([pid, name, how])
    return pids
