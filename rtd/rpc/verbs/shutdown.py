"""`shutdown`: the daemon ends. It answers at once and closes the connection when it is done."""

import asyncio
import os
from contextlib import suppress
from typing import Any, Final

from rtd.common.errors import StoreError, StoreGone
from rtd.protocol import daemon_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.verb_handlers import handles
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log

#: So many of the runs that go on are named.
NAMED: Final = 3
#: The answer does not wait longer for their names.
NAMES_S: Final = 0.5


@handles(daemon_verbs.SHUTDOWN)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Request the shutdown; the daemon begins it after the answer is sent."""
    params = request.params
    log.info("%s asked for the shutdown", request.client.peer.text)
    context, ending = request.context, request.node.shutdown_request
    local = request.node.local_tasks.run_ids()
    running = [seen.run_id for seen in context.busy_slots() if seen.run_id not in local]
    named = await _named(context, running[:NAMED])
    asyncio.get_running_loop().call_soon(ending.request, params["grace_s"], params["keep_running"])
    grace_s = params["grace_s"]
    return {
        "pid": os.getpid(),
        "running": len(running),
        "runs": named,
        "grace_s": context.config.stop_grace_s if grace_s is None else grace_s,
    }


async def _named(context: SupervisorContext, run_ids: list[str]) -> list[list[str]]:
    """Return the ids and the tasks of runs; an empty text where Redis does not say it soon."""
    if not run_ids:
        return []
    blobs: list[bytes | None] = [None] * len(run_ids)
    with suppress(StoreGone, StoreError, TimeoutError):  # the daemon ends in any case
        async with asyncio.timeout(NAMES_S):
            blobs = await context.execute(context.commands.get_records(run_ids))
    records = map(readable_record, run_ids, blobs)
    return [
        [run_id, record.spec.task if record else ""]
        for run_id, record in zip(run_ids, records, strict=True)
    ]
