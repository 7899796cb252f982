"""`status`: the state of the daemon, its app and its schedule."""

from collections import Counter
from typing import Any

from rtd.common.errors import StoreGone
from rtd.language.core.durations import SECOND
from rtd.model.manifest import COMMAND
from rtd.planner.planner import Planner
from rtd.planner.scheduled_task import FAILING
from rtd.protocol import daemon_verbs
from rtd.rpc.core.identity import identity
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.run_rows import count_queued
from rtd.rpc.core.verb_handlers import handles
from rtd.store.commands.app_reports import FaultRecord, ScheduleHalt
from rtd.store.commands.reads import LaneLoad
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.lifecycle.redis_server import ask_redis, redis_info
from rtd.supervisor.node import Node


@handles(daemon_verbs.STATUS)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Return the state. While Redis does not answer, counts are 0 and faults those in the log."""
    context = request.context
    redis = await redis_info(request.node.redis_server, context.redis)
    answers = redis["ok"] or redis["refuses"]  # one that takes no writes still reads
    queued, faults, halt = await _stored(context) if answers else (0, [], None)
    tasks = context.manifest.tasks.values()
    is_internal = request.node.internal_runs.is_waiting
    going = Counter(s.exec_id for s in context.busy_slots() if not is_internal(s.run_id))
    return {
        **identity(context),
        "tasks": sum(1 for info in tasks if not info.hidden and info.name != COMMAND),
        "redis": redis,
        "lanes": await _lanes(request.node, going, answers),
        "queued": queued,
        "running": going.total(),
        "schedule": _schedule(request.node, halt),
        "faults": [
            *_own_failures(context),
            *_failing_tasks(request.node.scheduler.planner),
            *(noted._asdict() for noted in faults),
        ],
    }


async def _stored(context: SupervisorContext) -> tuple[int, list[FaultRecord], ScheduleHalt | None]:
    """Read from Redis: queued runs, faults, what halted the schedule."""
    calls = context.commands
    try:
        table, faults, halt = await ask_redis(
            context.redis,
            calls.queue_table(),
            calls.list_faults(context.config.node),
            calls.get_halt(),
        )
    except StoreGone:
        return 0, [], None
    return count_queued(table), faults, halt


def _own_failures(context: SupervisorContext) -> list[dict[str, Any]]:
    """Return the failures of the supervisor's own jobs, as faults of the kind `rtd`."""
    return [
        {
            "kind": "rtd", "what": failure.job, "message": failure.message,
            "times": failure.times, "first_at": failure.first_at, "last_at": failure.last_at,
        }
        for failure in context.jobs.failures
    ]  # fmt: skip


def _failing_tasks(planner: Planner | None) -> list[dict[str, Any]]:
    """Return the tasks that start less often since their runs fail, as faults of the kind
    `task`."""
    if planner is None:
        return []
    history, tasks = planner.history, planner.tasks
    waiting = [n for n in history.failing_tasks if n in tasks and tasks[n].skip_reason == FAILING]
    return [
        {
            "kind": "task", "what": name, "message": FAILING, "times": history.failures(name),
            "first_at": history.last_failure_us(name) / SECOND,
            "last_at": history.last_failure_us(name) / SECOND,
        }
        for name in waiting
    ]  # fmt: skip


async def _lanes(node: Node, going: Counter[str], answers: bool) -> list[dict[str, Any]]:
    context = node.context
    executors: Counter[str] = Counter()
    running: Counter[str] = Counter()
    for executor in context.executors:
        executors[executor.lane] += 1
        running[executor.lane] += going[executor.id]
    names = sorted(executors)
    unknown = [LaneLoad(0, 0, 0) for _ in names]
    loads = (await _loads(context, names) if answers else None) or unknown
    return [
        {
            "lane": lane, "executors": executors[lane], "running": running[lane],
            "queued": load.queued,
            "full": node.pools.is_full(lane) and running[lane] > 0 and load.idle == 0,
            "waiting": node.slot_lender.waiting.count(lane), "lent": node.pools.count_lent(lane),
        }
        for lane, load in zip(names, loads, strict=True)
    ]  # fmt: skip


async def _loads(context: SupervisorContext, lanes: list[str]) -> list[LaneLoad] | None:
    try:
        node = context.config.node
        calls = [context.commands.lane_load(lane, node) for lane in lanes]
        return await ask_redis(context.redis, *calls)
    except StoreGone:
        return None


def _schedule(node: Node, halt: ScheduleHalt | None) -> dict[str, Any]:
    planner = node.scheduler.planner
    schedule: dict[str, Any] = {"state": "none", "why": None, "halted_at": None, "tasks": 0}
    if halt is not None:
        schedule["state"], schedule["halted_at"] = "halted", halt.at
        schedule["why"] = f"{halt.kind} {halt.what}: {halt.message}"
    infos = node.context.manifest.tasks.values()
    schedule["tasks"] = sum(1 for info in infos if info.starts_by_itself)
    waits_for = node.context.gate.waits_for
    if halt is not None or (planner is None and waits_for is None):
        return schedule
    if node.context.gate.is_draining:
        schedule["state"] = "ended"
    elif waits_for is not None:
        schedule["state"], schedule["why"] = "starting", waits_for
    elif planner is None:
        return schedule
    elif planner.paused:
        schedule["state"] = "paused"
    elif schedule["tasks"]:
        schedule["state"] = "going"
    return schedule
