"""`show`: everything that is known of a run."""

from typing import Any

from rtd.common.msgpack_values import unpack
from rtd.model.parameter_names import hide
from rtd.model.run_record import Attempt, Record, decode
from rtd.model.run_states import State
from rtd.process.tree.process_tree import snapshot
from rtd.rpc.core.request import Ask
from rtd.rpc.core.resolve_target import no_such, resolve
from rtd.rpc.core.run_rows import Row, Rows
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.run_helpers import item_of, place_of, policies_of
from rtd.supervisor.runs.queued_reason import what_it_waits_for


async def handle(ask: Ask) -> dict[str, Any]:
    """The run's row, parameters, policies, attempts, and its processes while it runs."""
    core = ask.core
    run_id = await resolve(core, ask.params["run"])
    row, record = await row_of(core, run_id)
    opts = dict(record.spec.opts)
    opts.pop("labels", None)
    return {
        "row": row,
        "params": hide(unpack(record.spec.params), core.private_names(record.spec.task)),
        "options": opts,
        "policies": policies_of(core, record.spec).to_dict(),
        "waits": await _waits(core, row, record),
        "submitted_by": record.spec.by,
        "attempts": [_attempt(attempt) for attempt in record.attempts],
        "pids": record.end.pids or [] if record.end else [],
        "tree": _tree(row, bool(core.private_names(record.spec.task))),
    }


async def row_of(core: Core, run_id: str) -> tuple[Row, Record]:
    """The row and the record of a run. Raises NoSuchRun."""
    calls = core.calls
    blob, progress = await core.redis.call(calls.get(run_id), calls.progress())
    if blob is None:
        raise no_such(run_id)
    record = decode(blob)
    spot = f"{place_of(record.spec)}|{item_of(record.spec)}"
    due_at = dict(await core.ask(calls.due_of([spot]))).get(spot)
    return Rows(core, progress).of_record(record, due_at), record


async def _waits(core: Core, row: Row, record: Record) -> str:
    if row["state"] != State.QUEUED:
        return ""
    return await what_it_waits_for(core, record, row["due_at"])


def _attempt(attempt: Attempt) -> dict[str, Any]:
    output = attempt.output or ["", 0, 0, 0, 0]
    return {
        "number": attempt.number,
        "state": str(attempt.state),
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "executor": attempt.executor,
        "error": attempt.error,
        "exit": attempt.exit,
        "cpu_s": attempt.cpu_s,
        "peak_bytes": attempt.peak_bytes,
        "output_bytes": output[2],
        "lost_bytes": output[4],
        "note": attempt.note,
    }


def _tree(row: Row, hidden: bool) -> list[list[Any]]:
    """Its processes. `hidden`: without their command lines, where private parameters may be."""
    if row["pid"] is None:
        return []
    members = snapshot(row["pid"]).members
    return [
        [m.pid, m.name if hidden else m.command or m.name, m.memory_bytes, m.cpu_s] for m in members
    ]
