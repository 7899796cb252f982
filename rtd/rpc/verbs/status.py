"""`status`: how the daemon, its app and its schedule are."""

from collections import Counter
from typing import Any

from rtd.common.errors import StoreGone
from rtd.model.manifest import COMMAND
from rtd.rpc.core.identity import identity
from rtd.rpc.core.request import Ask
from rtd.store.commands.faults import Halt, Noted
from rtd.supervisor.core.context import Core
from rtd.supervisor.lifecycle.redis_server import look
from rtd.supervisor.node import Node


async def handle(ask: Ask) -> dict[str, Any]:
    """Counts are 0 and faults those in the log while Redis does not answer."""
    core = ask.core
    redis = await look(ask.node.engine, core.redis)
    queued, faults, halt = await _kept(core) if redis["ok"] else (0, [], None)
    tasks = core.manifest.tasks.values()
    going = Counter(seen.exec_id for seen in core.board.scan())
    return {
        **identity(core),
        "tasks": sum(1 for info in tasks if not info.hidden and info.name != COMMAND),
        "redis": redis,
        "lanes": _lanes(core, going),
        "queued": queued,
        "running": going.total(),
        "schedule": _schedule(ask.node, halt),
        "faults": [noted._asdict() for noted in faults],
    }


async def _kept(core: Core) -> tuple[int, list[Noted], Halt | None]:
    """What Redis knows: runs that wait, faults, what halted the schedule."""
    calls = core.calls
    try:
        table, faults, halt = await core.redis.call(
            calls.queue_table(), calls.faults(core.config.node), calls.halt()
        )
    except StoreGone:
        return 0, [], None
    return sum(row.queued + row.delayed + row.held for row in table), faults, halt


def _lanes(core: Core, going: Counter[str]) -> list[dict[str, Any]]:
    executors: Counter[str] = Counter()
    running: Counter[str] = Counter()
    for executor in core.executors:
        executors[executor.lane] += 1
        running[executor.lane] += going[executor.id]
    return [
        {"lane": lane, "executors": count, "running": running[lane]}
        for lane, count in sorted(executors.items())
    ]


def _schedule(node: Node, halt: Halt | None) -> dict[str, Any]:
    planner = node.scheduler.planner
    told: dict[str, Any] = {"state": "none", "why": None, "halted_at": None, "tasks": 0}
    if halt is not None:
        told["state"], told["halted_at"] = "halted", halt.at
        told["why"] = f"{halt.kind} {halt.what}: {halt.message}"
    infos = node.core.manifest.tasks.values()
    told["tasks"] = sum(1 for info in infos if info.starts_by_itself)
    waits_for = node.opening.waits_for
    if halt is not None or (planner is None and waits_for is None):
        return told
    if node.core.draining:
        told["state"] = "ended"
    elif waits_for is not None:
        told["state"], told["why"] = "starting", waits_for
    elif planner is None:
        return told
    elif planner.paused:
        told["state"] = "paused"
    elif told["tasks"]:
        told["state"] = "going"
    return told
