"""`shutdown`: the daemon ends. It answers at once and closes the connection when it is done."""

import asyncio
import os
from typing import Any

from rtd.protocol import daemon_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.core.log import log


@handles(daemon_verbs.SHUTDOWN)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Request the shutdown; the daemon begins it after the answer is sent."""
    params = request.params
    log.info("%s asked for the shutdown", request.client.peer.text)
    ending = request.node.shutdown_request
    asyncio.get_running_loop().call_soon(ending.request, params["grace_s"], params["keep_running"])
    return {"pid": os.getpid(), "running": len(request.context.busy_slots())}
