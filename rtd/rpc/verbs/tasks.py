"""`tasks`: the tasks that can be submitted."""

import time
from collections.abc import Container
from typing import Any

from rtd.common.errors import StoreGone
from rtd.language.core.durations import SECOND
from rtd.language.core.run_history import ENDS, INACTION, RUN
from rtd.model.manifest import COMMAND, TaskInfo
from rtd.model.run_states import STATE_CHAR
from rtd.planner.planner import Planner
from rtd.protocol import schedule_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.explain.forecast import Pauses, blocking_run, next_true_at
from rtd.supervisor.explain.latest_runs import latest_ended
from rtd.supervisor.scheduler.restore_history import ACTION_OF_CHAR


@handles(schedule_verbs.TASKS)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Return the tasks of the serving app, by name."""
    context, name = request.context, request.params["task"]
    manifest = context.manifest
    infos = [manifest.find(name)] if name else sorted(manifest.tasks.values(), key=_by_name)
    if not context.config.allow_commands:
        infos = [info for info in infos if info.name != COMMAND]
    begun = {seen.run_id for seen in context.busy_slots()}
    planner, pauses = request.node.scheduler.planner, Pauses()
    return {
        "app": context.app,
        "app_error": context.app_error,
        "tasks": await with_last_ends(
            context, planner, [await _row(planner, info, begun, pauses) for info in infos]
        ),
    }


async def with_last_ends(
    context: SupervisorContext, planner: Planner | None, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Add the latest ended runs of the tasks that the planner does not have; none while Redis does
    not answer."""
    known = () if planner is None else planner.tasks
    others = {row["name"]: row for row in rows if row["name"] not in known}
    try:
        latest = await latest_ended(context, list(others))
    except StoreGone:
        return rows
    for name, record in latest.items():
        if record.end is not None:
            row, first = others[name], record.attempts[0] if record.attempts else None
            row["last_start_at"] = record.end.ended_at if first is None else first.started_at
            row["last_end_at"] = record.end.ended_at
            row["last_end"] = ACTION_OF_CHAR[STATE_CHAR[record.state]]
    return rows


def task_row(info: TaskInfo) -> dict[str, Any]:
    """Return what the declaration of a task says, without what has become of it."""
    row = {**info.to_dict(), "takes": info.signature()}
    del row["schedule"]
    row["condition"], row["end_condition"] = info.schedule.start, info.schedule.end
    row["occasions"] = info.occasions
    row["enabled"] = info.schedule.enabled
    row.update(dict.fromkeys(("last_start_at", "last_end_at", "last_end", "next_at", "behind")))
    return row


async def _row(
    planner: Planner | None, info: TaskInfo, begun: Container[str], pauses: Pauses
) -> dict[str, Any]:
    row = task_row(info)
    entry = None if planner is None else planner.tasks.get(info.name)
    if planner is not None and entry is not None:
        past = planner.history
        ended_us, action = max((past.latest_us(info.name, a), a) for a in (*ENDS, INACTION))
        row["enabled"] = entry.enabled and not planner.paused
        row["last_start_at"] = past.latest_us(info.name, RUN) / SECOND or None
        row["last_end_at"] = ended_us / SECOND or None
        row["last_end"] = action if ended_us else None
        now_us = max(planner.now_us, round(time.time() * SECOND))
        row["behind"] = blocking_run(planner, entry, begun, now_us)
        if row["behind"] is None:
            row["next_at"] = await next_true_at(planner, entry, pauses)
    return row


def _by_name(info: Any) -> str:
    return str(info.name)
