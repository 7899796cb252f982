"""`collect`: send runs as they end."""

from typing import Any

from rtd.common.errors import BadRequest
from rtd.protocol import record_verbs
from rtd.rpc.core.ended_runs import EndedRuns, names_by_id
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import resolve_all
from rtd.rpc.core.target_limit import reserved_targets
from rtd.rpc.core.verb_handlers import handles


@handles(record_verbs.COLLECT)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Send the runs as they end, those that end meanwhile together.

    When Redis is away, or takes no writes, the runs go on, and so does the request.
    """
    context, params = request.context, request.params
    targets: list[str] = params["runs"]
    if not targets:
        raise BadRequest("collect: name at least one run")
    with reserved_targets(request, owner_is_free=True):
        names = names_by_id(targets, await resolve_all(context, targets))
        waiters = request.node.waiters
        watch = waiters.watch(list(names))
        await context.retry(lambda: waiters.add(watch))
        ended = EndedRuns(context, names, params["values"])
        try:
            await _send(request, ended, watch.take_ended())
            async with request.node.slot_lender.lend(params["waiter"], watch, params["any"]):
                while watch.pending or watch.has_ended:
                    if not watch.has_ended:
                        await watch.wait_change(None)
                    await _send(request, ended, watch.take_ended())
        finally:
            await waiters.remove(watch)
    return {"ended": len(names)}


async def _send(request: ClientRequest, ended: EndedRuns, ids: list[str]) -> None:
    left = dict.fromkeys(ids)
    if not ids:  # the first part says that there is none yet
        await request.send_part("collect", ended=[])

    async def send_rest() -> None:
        async for part in ended.parts(list(left)):
            await request.send_part("collect", ended=part)
            for one in part:
                del left[one["row"]["id"]]

    await request.context.retry(send_rest)
