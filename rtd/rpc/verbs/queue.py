"""`queue_ls`, `queue_pause`, `queue_resume`, `queue_priority`, `queue_purge`: the queues."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from rtd.common.errors import BadRequest, NoSuchQueue, PolicyError
from rtd.model.policies import read_policies
from rtd.model.run_record import RunEnd, pack_end
from rtd.protocol import queue_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.target_limit import check_targets
from rtd.rpc.core.verb_handlers import handles
from rtd.store.commands.arguments import PurgeReply
from rtd.store.commands.keys import queue_of
from rtd.store.commands.reads import QueueState
from rtd.store.commands.run_places import LeasedPlace
from rtd.store.connection.command import RedisCommand
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log

#: Steps of a purge in one round trip; between two steps Redis serves others.
PURGES: Final = 5
#: Queues in one round trip.
NAMES: Final = 100


@handles(queue_verbs.QUEUE_LS)
async def ls(request: ClientRequest) -> dict[str, Any]:
    """Return all queues, the highest priority first."""
    return {"queues": await _rows(request.context)}


@handles(queue_verbs.QUEUE_PAUSE)
async def pause(request: ClientRequest) -> dict[str, Any]:
    """Start no more runs from these queues."""
    context, names = request.context, _names(request)
    calls = context.commands
    await _for_each(context, names, lambda name: calls.pause(context.config.node, name))
    reason = request.params["reason"]
    log.info("%s paused %s%s", request.client.peer.text, names, f": {reason}" if reason else "")
    return {"queues": await _rows(context, names)}


@handles(queue_verbs.QUEUE_RESUME)
async def resume(request: ClientRequest) -> dict[str, Any]:
    """Start runs from these queues again."""
    context, names = request.context, _names(request)
    calls = context.commands
    await _for_each(context, names, lambda name: calls.resume(context.config.node, name))
    log.info("%s resumed %s", request.client.peer.text, names)
    return {"queues": await _rows(context, names)}


@handles(queue_verbs.QUEUE_PRIORITY)
async def priority(request: ClientRequest) -> dict[str, Any]:
    """Set the priority of these queues, also for the runs that wait in them."""
    context, names = request.context, _names(request)
    calls = context.commands
    value = _read_policy("priority", request.params["priority"])
    await _for_each(context, names, lambda name: calls.set_queue_priority(name, value))
    log.info("%s set the priority of %s to %d", request.client.peer.text, names, value)
    return {"queues": await _rows(context, names)}


@handles(queue_verbs.QUEUE_PURGE)
async def purge(request: ClientRequest) -> dict[str, Any]:
    """Cancel all runs that wait in a queue now. Others are served between the rounds."""
    context, queue = request.context, request.params["queue"]
    if queue not in {row["queue"] for row in await _rows(context)}:
        raise NoSuchQueue(f"no queue {queue!r} has ever been used; `rtctl queue ls` lists all")
    by, reason = request.client.peer.text, request.params["reason"]
    why = f"queue {queue} was purged by {by}" + (f": {reason}" if reason else "")
    cancelled = skip = 0
    while True:
        end = pack_end(RunEnd(time.time(), None, by, why, None))
        call = context.commands.purge(
            context.config.node, now_ms(), context.config.history, queue, end, why, skip
        )
        purged: list[PurgeReply] = await context.redis.execute_all(*[call] * PURGES)
        cancelled, skip = cancelled + sum(step.ended for step in purged), purged[-1].skip
        if purged[-1].last and not purged[-1].ended:
            return {"cancelled": cancelled}


async def _for_each(
    context: SupervisorContext, names: list[str], command: Callable[[str], RedisCommand]
) -> None:
    """Send the command of each queue; between the round trips others get their turn."""
    for start in range(0, len(names), NAMES):
        some = names[start : start + NAMES]
        await context.redis.execute_all(*[command(name) for name in some])


def _names(request: ClientRequest) -> list[str]:
    names: list[str] = request.params["queues"]
    if not names:
        raise BadRequest("name at least one queue")
    check_targets(request, names, "queues")
    for name in dict.fromkeys(names):
        _read_policy("queue", name)
    return list(dict.fromkeys(names))


def _read_policy(name: str, value: Any) -> Any:
    """Return a value as the policy of this name has it. Raises BadRequest."""
    try:
        return read_policies({name: value}, "process", "queue")[name]
    except PolicyError as error:
        raise BadRequest(error.sentence) from None


async def _rows(
    context: SupervisorContext, only: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    table: list[QueueState]
    leases: list[LeasedPlace]
    table, leases = await context.redis.execute_all(
        context.commands.queue_table(), context.commands.list_leased()
    )
    running = Counter(queue_of(lease.place_item) for lease in leases)
    known = {
        row.queue: {
            "queue": row.queue,
            "priority": row.priority,
            "paused": row.paused,
            "queued": row.queued + row.held,
            "running": running[row.queue],
        }
        for row in table
    }
    wanted = known.keys() if only is None else frozenset(only)
    return [row for name, row in known.items() if name in wanted]
