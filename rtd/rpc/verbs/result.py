"""`result`: the value that a run returned, or why there is none."""

from typing import Any

from rtd.protocol import frames, run_verbs
from rtd.rpc.core.read_records import read_record
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import resolve_target
from rtd.rpc.core.run_rows import RunRows
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.core.run_helpers import unreadable_run


@handles(run_verbs.RESULT)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Return the value as the task returned it; extension types pass through unopened."""
    context = request.context
    run_id = await resolve_target(context, request.params["run"])
    _, record = await read_record(context, run_id)
    row = RunRows(context).of_record(record)
    last = record.attempts[-1] if record.attempts else None
    value = record.end.result if record.end else None
    return {
        "id": run_id,
        "state": row["state"],
        "value": _loaded(run_id, value),
        "error": last.error if last else None,
        "why": row["why"],
        "exit": last.exit if last else None,
    }


def _loaded(run_id: str, blob: bytes | None) -> Any:
    try:
        return None if blob is None else frames.load(blob)
    except frames.WireError:
        raise unreadable_run(run_id, "its result is malformed") from None
