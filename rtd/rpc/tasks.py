"""`tasks`: what can be submitted."""

from typing import Any

from rtd.conditions.ledger import ENDS, INACTION, RUN
from rtd.conditions.spans import SECOND
from rtd.model.manifest import TaskInfo
from rtd.rpc.context import Ask
from rtd.supervisor.forecast import next_true_at
from rtd.supervisor.schedule.planner import Planner


async def handle(ask: Ask) -> dict[str, Any]:
    """The tasks of the serving app, by name."""
    core, name = ask.core, ask.params["task"]
    manifest = core.manifest
    infos = [manifest.find(name)] if name else sorted(manifest.tasks.values(), key=_by_name)
    return {
        "app": core.app,
        "app_error": core.app_error,
        "tasks": [_row(ask.node.scheduler.planner, info) for info in infos],
    }


def _row(planner: Planner | None, info: TaskInfo) -> dict[str, Any]:
    row = {**info.to_dict(), "takes": info.signature()}
    del row["schedule"]
    row["condition"], row["end_condition"] = info.schedule.start, info.schedule.end
    row["occasions"] = info.occasions
    row["enabled"] = info.schedule.enabled
    row.update(dict.fromkeys(("last_start_at", "last_end_at", "last_end", "next_at")))
    entry = None if planner is None else planner.entries.get(info.name)
    if planner is not None and entry is not None:
        past = planner.past
        ended_us, action = max((past.latest_us(info.name, a), a) for a in (*ENDS, INACTION))
        row["enabled"] = entry.enabled and not planner.paused
        row["last_start_at"] = past.latest_us(info.name, RUN) / SECOND or None
        row["last_end_at"] = ended_us / SECOND or None
        row["last_end"] = action if ended_us else None
        row["next_at"] = next_true_at(planner, entry)
    return row


def _by_name(info: Any) -> str:
    return str(info.name)
