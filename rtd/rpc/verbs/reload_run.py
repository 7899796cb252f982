"""`reload_run`: end the attempt of a running run, and begin the next one at once."""

import time
from collections.abc import Mapping
from typing import Any, Final

from rtd.common.errors import TooLarge, WrongState
from rtd.common.units import format_bytes
from rtd.model.manifest import COMMAND, check_params
from rtd.model.run_record import RunRecord
from rtd.model.run_states import TERMINAL, RunState
from rtd.protocol import frames, run_verbs
from rtd.rpc.core.read_records import read_record
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import resolve_target
from rtd.rpc.core.verb_handlers import handles
from rtd.store.commands.stored_records import parse_params
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.retry import Backoff
from rtd.supervisor.core.run_helpers import unreadable_run
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.runs.check_command import check_command
from rtd.supervisor.runs.other_nodes import refuse_other_nodes

#: The waits between two looks whether the end of the attempt is written: the first, the longest.
_WAIT_S: Final = (0.001, 0.05)
_ANEW: Final = "`rtctl retry` makes a new run of it"


@handles(run_verbs.RELOAD_RUN)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Check everything, then stop the run. Answers when Redis has the run for its next attempt."""
    context, params = request.context, request.params
    run_id = await resolve_target(context, params["run"])
    await refuse_other_nodes(context, run_id)
    if context.gate.is_draining:
        raise WrongState("the daemon ends: it begins no run again")
    _, record = await read_record(context, run_id)
    if record.state in TERMINAL:
        raise WrongState(f"run {run_id} has ended already: {record.state}; {_ANEW}")
    blob = _new_params(context, record, params["params"])
    attempt = _running_attempt(request, record)
    names, reason = ", ".join(params["params"]), params["reason"]
    why = f"reloaded by {request.client.peer.text}"
    why += f" with another {names}" if names else ""
    why += f": {reason}" if reason else ""
    intent = Intent(request.client.peer.text, why, time.time(), reload_attempt=attempt, params=blob)
    stop = request.node.stops.stop_run(run_id, intent, params["grace_s"])
    await context.redis.wait_unless_silent(request.node.stops.wait(stop))
    await context.redis.wait_unless_silent(_until_written(context, run_id, attempt))
    if stop.intent.reload_attempt:  # else another request to stop the run has replaced it
        await context.execute(context.commands.withdraw_intent(run_id, stop.intent.pack()))
    return {"id": run_id, "attempt": attempt + 1}


def _running_attempt(request: ClientRequest, record: RunRecord) -> int:
    """Return the number of the attempt that runs now. Raises WrongState: none does."""
    run_id, stops = record.spec.id, request.node.stops
    if stops.is_stopping(run_id):
        raise WrongState(f"run {run_id} is being stopped already")
    attempt = len(record.attempts) + 1
    seen = stops.slots.find(run_id)
    if seen is not None and seen.attempt == attempt:
        return attempt
    if record.attempts:
        raise WrongState(f"run {run_id} is not running: it waits for attempt {attempt}")
    raise WrongState(
        f"run {run_id} has not started: there is nothing to stop; to change its parameters, cancel"
        " it and submit it again"
    )


def _new_params(
    context: SupervisorContext, record: RunRecord, given: Mapping[str, Any]
) -> bytes | None:
    """Return the parameters of the next attempt as records hold them; None: as before.

    Raises:
        UnknownTask, ParameterError, TooLarge: the task cannot be called with them.
    """
    info = context.find_task(record.spec.task)
    try:
        params = {**parse_params(record), **given}
    except ValueError as error:
        raise unreadable_run(record.spec.id, error) from None
    check_params(info, params)
    if info.name == COMMAND:
        check_command(params)
    if not given:
        return None
    blob = frames.dump_value(params, "params")
    limit = context.config.limits.params_bytes
    if len(blob) > limit:
        raise TooLarge(
            f"the parameters have {format_bytes(len(blob))}, the limit is {format_bytes(limit)}"
        )
    return blob


async def _until_written(context: SupervisorContext, run_id: str, attempt: int) -> None:
    """Wait until the record says how the attempt has ended.

    Raises WrongState: it has ended by itself, or something else has ended the run.
    """
    pause = Backoff(*_WAIT_S)
    while True:
        _, record = await read_record(context, run_id)
        if record.end is not None:
            why = f": {record.end.why}" if record.end.why else ""
            raise WrongState(f"run {run_id} has ended meanwhile: {record.state}{why}; {_ANEW}")
        if len(record.attempts) >= attempt:
            break
        await pause.wait()
    state = record.attempts[attempt - 1].state
    if state is not RunState.TERMINATED:
        raise WrongState(
            f"attempt {attempt} of run {run_id} has ended by itself meanwhile: {state}; the run"
            f" continues with attempt {attempt + 1}, as its task says"
        )
