"""`info`: the daemon, its app, its Redis and its executors. Works while Redis is away."""

from typing import Any

from rtd.common.errors import StoreGone
from rtd.model.run_states import BY_CHAR
from rtd.process.board.board import Seen
from rtd.rpc.core.identity import identity
from rtd.rpc.core.request import Ask
from rtd.supervisor.core.clock import wall_of_ns
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.executor_registry import Phase
from rtd.supervisor.lifecycle.redis_server import look
from rtd.supervisor.runs.output_retention import used_bytes


async def handle(ask: Ask) -> dict[str, Any]:
    """Everything at a glance; counts are 0 while Redis does not answer."""
    core = ask.core
    going = core.board.scan()
    redis = await look(ask.node.engine, core.redis)
    queued, tally = await _counts(core) if redis["ok"] else (0, {})
    places = core.places
    return {
        **identity(core),
        "places": {
            "socket": str(places.socket),
            "runtime_dir": str(places.runtime_dir),
            "state_dir": str(places.state_dir),
            "log": str(places.log_file),
        },
        "redis": redis,
        "executors": _executors(core, going),
        "queued": queued,
        "running": len(going),
        "tally": tally,
        "output": {
            "bytes": used_bytes(places.output_dir),
            "quota_bytes": core.config.output.quota_bytes,
            "dir": str(places.output_dir),
        },
    }


async def _counts(core: Core) -> tuple[int, dict[str, int]]:
    try:
        table, tally = await core.redis.call(core.calls.queue_table(), core.calls.tally())
    except StoreGone:
        return 0, {}
    queued = sum(row.queued + row.delayed + row.held for row in table)
    return queued, {str(BY_CHAR[c]): n for c, n in tally.items() if c in BY_CHAR}


def _executors(core: Core, going: list[Seen]) -> list[dict[str, Any]]:
    rows = []
    for executor in core.executors:
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
                "retiring": executor.phase is not Phase.LIVE,
            }
        )
    return rows
