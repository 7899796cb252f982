"""`cancel`: withdraw runs that have not started."""

import time
from typing import Any

from rtd.common.errors import Conflict, WrongState
from rtd.model.run_record import decode
from rtd.model.run_states import TERMINAL, State
from rtd.rpc.core.for_each_target import Outcome, for_each
from rtd.rpc.core.request import Ask
from rtd.rpc.core.resolve_target import no_such
from rtd.supervisor.core.run_helpers import cancel_waiting

#: A record that changes under the hands is read again so often.
TRIES = 5


async def handle(ask: Ask) -> dict[str, Any]:
    """Cancel each run that still waits."""
    return await for_each(ask, _cancel)


async def _cancel(ask: Ask, run_id: str, _position: int) -> Outcome:
    core, by = ask.core, ask.client.peer.text
    reason = ask.params["reason"]
    why = f"cancelled by {by}" + (f": {reason}" if reason else "")
    for _ in range(TRIES):
        blob = await core.ask(core.calls.get(run_id))
        if blob is None:
            raise no_such(run_id)
        state = decode(blob).state
        if state in TERMINAL:
            raise WrongState(f"run {run_id} has ended already: {state}")
        answer = await cancel_waiting(core, blob, by, why, time.time())
        if answer == "ok":
            return {"state": str(State.CANCELLED)}
        if answer == "leased":
            raise WrongState(f"run {run_id} is running; `rtctl kill` ends it")
    raise Conflict(f"run {run_id} changes all the time; try again")
