"""`events`: the events of runs and queues, and those that tasks emit, as they happen."""

import asyncio
from typing import Any

from rtd.common.errors import StoreGone
from rtd.protocol import record_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import resolve_target
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.events.event_reader import PAGE
from rtd.supervisor.events.event_source import EventSource
from rtd.supervisor.events.event_stream import EventStream


@handles(record_verbs.EVENTS)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Send past events, then with `follow` new ones, until the client goes."""
    params, context = request.params, request.context
    source = EventSource(context.redis, context.commands)
    run_id = await resolve_target(context, params["run"]) if params["run"] else None
    stream = EventStream(params, run_id, source, request.large_turn)
    if not params["follow"]:
        await _send_all(request, stream)
        return stream.answer
    async with request.node.event_tail.follow() as grown:
        while True:
            grown.clear()
            try:
                await _send_all(request, stream)
            except StoreGone:
                await context.wait_redis()
                continue
            await grown.wait()


async def _send_all(request: ClientRequest, stream: EventStream) -> None:
    """Send all that is there."""
    while (events := await stream.read_page()) is not None:
        for count, event in enumerate(events, 1):
            await request.send_part("event", **event)
            if count % PAGE == 0:
                await asyncio.sleep(0)  # other clients get their turn
