"""`info`: the daemon, its app, its Redis and its executors. Works while Redis is away."""

from typing import Any

from rtd.common.errors import StoreGone
from rtd.model.run_states import STATE_BY_CHAR
from rtd.process.board.board import SlotSnapshot
from rtd.protocol import daemon_verbs
from rtd.rpc.core.identity import identity
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.run_rows import count_queued
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.core.clock import wall_of_ns
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorPhase
from rtd.supervisor.lifecycle.redis_server import ask_redis, redis_info
from rtd.supervisor.runs.output_retention import used_bytes


@handles(daemon_verbs.INFO)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Describe the daemon; counts are 0 while Redis does not answer."""
    context = request.context
    is_internal = request.node.internal_runs.is_waiting
    going = [seen for seen in context.busy_slots() if not is_internal(seen.run_id)]
    redis = await redis_info(request.node.redis_server, context.redis)
    queued, tally = await _counts(context) if redis["ok"] else (0, {})
    places = context.paths
    return {
        **identity(context),
        "places": {
            "socket": str(places.socket),
            "runtime_dir": str(places.runtime_dir),
            "state_dir": str(places.state_dir),
            "log": str(places.log_file),
        },
        "redis": redis,
        "channels": context.commands.channel_patterns(),
        "executors": _executors(context, going),
        "queued": queued,
        "running": len(going),
        "tally": tally,
        "output": {
            "bytes": used_bytes(places.output_dir),
            "quota_bytes": context.config.output.quota_bytes,
            "dir": str(places.output_dir),
        },
    }


async def _counts(context: SupervisorContext) -> tuple[int, dict[str, int]]:
    try:
        table, tally = await ask_redis(
            context.redis, context.commands.queue_table(), context.commands.tally()
        )
    except StoreGone:
        return 0, {}
    return count_queued(table), {
        str(STATE_BY_CHAR[c]): n for c, n in tally.items() if c in STATE_BY_CHAR
    }


def _executors(context: SupervisorContext, going: list[SlotSnapshot]) -> list[dict[str, Any]]:
    rows = []
    for executor in context.executors:
        mine = [seen for seen in going if seen.exec_id == executor.id]
        first = mine[0] if mine else None
        rows.append(
            {
                "exec": executor.id,
                "pid": executor.pid,
                "lane": executor.lane,
                "run": first.run_id if first else None,
                "runs": len(mine),
                "started_at": wall_of_ns(first.started_ns) if first else None,
                "retiring": executor.phase is not ExecutorPhase.LIVE,
            }
        )
    return rows
