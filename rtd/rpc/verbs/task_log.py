"""`task_log`: the entries of the app's task log, if Redis holds it."""

from typing import Any, Final, Literal

from rtd.common.errors import BadRequest, WrongState
from rtd.model.task_log_entry import ACTIONS, LogRow
from rtd.protocol import daemon_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.verb_handlers import handles

MAX_ROWS: Final = 10_000
#: How many records are read before other requests get their turn.
_PAGE: Final = 2_000
_CSV: Final = "csv:"


@handles(daemon_verbs.TASK_LOG)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Return records, the latest first."""
    context, params = request.context, request.params
    limit, skip, action = params["limit"], params["skip"], params["action"]
    if not 1 <= limit <= MAX_ROWS:
        raise BadRequest(f"task_log: limit must be 1 to {MAX_ROWS}, not {limit}")
    if action is not None and action not in ACTIONS:
        raise BadRequest(f"task_log: {action!r} is no action; there are {', '.join(ACTIONS)}")
    where = context.manifest.info.log
    if where.startswith(_CSV):
        return {"rows": [], "file": where.removeprefix(_CSV)}
    if where not in ("redis", "memory"):
        raise WrongState(
            "the app keeps no task log that can be read; give its session a scheme:"
            " App(scheme='log_redis')"
        )
    kept: Literal["redis", "memory"] = "redis" if where == "redis" else "memory"
    found: list[dict[str, Any]] = []
    offset = 0
    while len(found) < limit:
        blobs = await context.execute(
            context.commands.log_latest(context.config.node, kept, offset, _PAGE)
        )
        rows = [LogRow.unpack(blob) for blob in blobs]
        for row in rows:
            if _matches(row, params):
                if skip:
                    skip -= 1
                else:
                    found.append(row._asdict())
        offset += _PAGE
        since_at = params["since"]
        if len(blobs) < _PAGE or (since_at is not None and rows[-1].created < since_at):
            break
    return {"rows": found[:limit], "file": None}


def _matches(row: LogRow, params: dict[str, Any]) -> bool:
    return (
        params["task"] in (None, row.task_name)
        and params["action"] in (None, row.action)
        and (params["since"] is None or row.created >= params["since"])
        and (params["until"] is None or row.created <= params["until"])
    )
