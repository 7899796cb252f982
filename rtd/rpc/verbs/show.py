"""`show`: everything that rtd knows of a run."""

from typing import Any

from rtd.model.manifest import COMMAND
from rtd.model.parameter_names import hide_private, hide_secrets
from rtd.model.policies import DECLARED, POLICY_FIELDS
from rtd.model.run_record import HEADERS, RETRY_OF, Attempt, RunRecord, RunSpec
from rtd.model.run_states import RunState
from rtd.process.tree.process_tree import read_tree
from rtd.protocol import run_verbs
from rtd.protocol.shapes import ATTEMPT
from rtd.rpc.core.bad_records import RunRow
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import resolve_target
from rtd.rpc.core.run_rows import RunRows, ended_processes
from rtd.rpc.core.verb_handlers import handles
from rtd.store.commands.stored_records import parse_params
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import (
    existing_record,
    item_of,
    place_of,
    policies_of,
    unreadable_run,
)
from rtd.supervisor.runs.other_nodes import executors_elsewhere, node_of_attempt, other_node_of
from rtd.supervisor.runs.queued_reason import queued_reason


@handles(run_verbs.SHOW)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Return the run's row, parameters, policies, attempts, and its processes while it runs."""
    context = request.context
    run_id = await resolve_target(context, request.params["run"])
    row, record, node = await row_of(context, run_id)
    task = record.spec.task
    is_old = any(not attempt.node for attempt in record.attempts)
    elsewhere = await executors_elsewhere(context) if is_old else {}
    try:
        params = hide_private(parse_params(record), context.private_names(task))
    except ValueError as error:
        raise unreadable_run(run_id, error) from None
    return {
        "row": row,
        "params": hide_secrets(params) if task == COMMAND else params,
        "options": _options(context, record.spec),
        "headers": record.spec.opts.get(HEADERS) or {},
        "policies": policies_of(context, record.spec).to_dict(),
        "node": node,
        "waits": await _waits(context, row, record),
        "submitted_by": record.spec.by,
        "retry_of": record.spec.opts.get(RETRY_OF),
        "private": bool(context.private_names(task)),
        "attempts": [
            attempt_row(attempt, node_of_attempt(context, attempt, elsewhere))
            for attempt in record.attempts
        ],
        "pids": ended_processes(context, task, (record.end and record.end.pids) or []),
        "tree": _tree(row, bool(context.private_names(record.spec.task))),
    }


def _options(context: SupervisorContext, spec: RunSpec) -> dict[str, Any]:
    """Return the policies that the submit set. A record has the limit of its task, too."""
    opts = {name: value for name, value in spec.opts.items() if name in POLICY_FIELDS}
    info = context.manifest.tasks.get(spec.task)
    declared = spec.opts.get(DECLARED)
    if declared is None and info is not None:  # a record of an earlier version does not say
        is_same = info.concurrency_limit == opts.get("max_concurrency")
        declared = ["max_concurrency"] if is_same else []
    for name in declared or []:
        opts.pop(name, None)
    return opts


async def row_of(context: SupervisorContext, run_id: str) -> tuple[RunRow, RunRecord, str | None]:
    """Return the row and the record of a run, and the other node that has it now.

    Raises NoSuchRun.
    """
    calls = context.commands
    blob, progress = await context.redis.execute_all(calls.get_record(run_id), calls.get_progress())
    record = existing_record(run_id, blob)
    spot = f"{place_of(record.spec)}|{item_of(record.spec)}"
    due_at = dict(await context.execute(calls.get_due_times([spot]))).get(spot)
    rows = RunRows(context, progress)
    waits = record.state is RunState.QUEUED and not rows.is_going(run_id)
    node = await other_node_of(context, run_id) if waits else None
    return rows.of_record(record, due_at, leased=node is not None), record, node


async def _waits(context: SupervisorContext, row: RunRow, record: RunRecord) -> str:
    if row["state"] != RunState.QUEUED:
        return ""
    return (await queued_reason(context, record, row["due_at"])).text


def attempt_row(attempt: Attempt, node: str | None) -> dict[str, Any]:
    """Return an attempt as the shape `AttemptRow` declares it.

    Args:
        node: the other node that carried it out; None: this one did.
    """
    output = attempt.output or ["", 0, 0, 0, 0]
    values = attempt._asdict()
    values.update(state=str(attempt.state), output_bytes=output[2], lost_bytes=output[4])
    values["node"] = node
    return {field.name: values[field.name] for field in ATTEMPT.fields}


def _tree(row: RunRow, hidden: bool) -> list[list[Any]]:
    """Return the processes of a run. `hidden`: no command lines, where private values may be."""
    if row["pid"] is None:
        return []
    members = read_tree(row["pid"]).processes
    return [
        [m.pid, m.name if hidden else m.command or m.name, m.memory_bytes, m.cpu_s] for m in members
    ]
