"""`hello` and `ping`: the greeting of a connection, and a sign of life."""

import os
import time
from typing import Any

from rtd.common.errors import VersionMismatch
from rtd.common.version import VERSION
from rtd.protocol import daemon_verbs, frames
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.verb_handlers import handles


@handles(daemon_verbs.HELLO)
async def hello(request: ClientRequest) -> dict[str, Any]:
    """Return who answers here, and the version of the protocol."""
    theirs = request.params["version"]
    if theirs != frames.VERSION:
        raise VersionMismatch(
            f"the client speaks version {theirs} of the protocol, the daemon {frames.VERSION};"
            " install the same version of rtd on both sides"
        )
    request.client.greeted = True
    return {
        "version": frames.VERSION,
        "server": f"rtd {VERSION}",
        "pid": os.getpid(),
        "frame_limit_bytes": request.context.config.limits.frame_bytes,
        "params_limit_bytes": request.context.config.limits.params_bytes,
    }


@handles(daemon_verbs.PING)
async def ping(request: ClientRequest) -> dict[str, Any]:
    """Return the process id and the clock of the daemon."""
    return {"pid": os.getpid(), "at": time.time()}
