"""`shutdown`: the daemon ends. It answers at once and closes the connection when it is done."""

import asyncio
import os
from typing import Any

from rtd.rpc.core.request import ClientRequest
from rtd.supervisor.core.log import log


async def handle(ask: ClientRequest) -> dict[str, Any]:
    """Note what is wanted; the daemon's own life does the rest after the answer is sent."""
    params = ask.params
    log.info("%s asked for the shutdown", ask.client.peer.text)
    ending = ask.node.shutdown_request
    asyncio.get_running_loop().call_soon(ending.request, params["grace_s"], params["keep_running"])
    return {"pid": os.getpid(), "running": len(ask.context.board.scan())}
