"""`result`: what a run returned, or why it did not."""

from typing import Any

from rtd.model.run_record import decode
from rtd.protocol import frames
from rtd.rpc.core.request import Ask
from rtd.rpc.core.resolve_target import no_such, resolve
from rtd.rpc.core.run_rows import Rows


async def handle(ask: Ask) -> dict[str, Any]:
    """The value as the task returned it; its extension types pass through unopened."""
    core = ask.core
    run_id = await resolve(core, ask.params["run"])
    blob = await core.ask(core.calls.get(run_id))
    if blob is None:
        raise no_such(run_id)
    record = decode(blob)
    row = Rows(core).of_record(record)
    last = record.attempts[-1] if record.attempts else None
    value = record.end.result if record.end else None
    return {
        "id": run_id,
        "state": row["state"],
        "value": None if value is None else frames.load(value),
        "error": last.error if last else None,
        "why": row["why"],
        "exit": last.exit if last else None,
    }
