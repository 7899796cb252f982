"""From a request to its handler: greeted first, checked against the declaration, then done."""

import os
import time
from importlib import metadata
from typing import Any

from rtd.common.errors import BadRequest, StoreGone, VersionMismatch
from rtd.protocol import frames, verbs
from rtd.rpc.core.connection import ClientConnection
from rtd.rpc.core.request import ClientRequest, VerbHandler
from rtd.rpc.verbs import (
    cancel,
    events,
    graph,
    info,
    kill,
    logs,
    ls,
    params,
    queue,
    reload,
    result,
    retry,
    schedule,
    show,
    shutdown,
    status,
    submit,
    task_log,
    tasks,
    wait,
)
from rtd.supervisor.node import Node

#: Works without Redis; said when something else does not.
STILL_WORKS = "ping, info, tasks and the logs of running runs still work"


async def hello(ask: ClientRequest) -> dict[str, Any]:
    """Who speaks here, in which version."""
    theirs = ask.params["version"]
    if theirs != frames.VERSION:
        raise VersionMismatch(
            f"the client speaks version {theirs} of the protocol, the daemon {frames.VERSION};"
            " install the same version of rtd on both sides"
        )
    ask.client.greeted = True
    return {
        "version": frames.VERSION,
        "server": f"rtd {metadata.version('rtd')}",
        "pid": os.getpid(),
        "frame_limit_bytes": ask.context.config.limits.frame_bytes,
    }


async def ping(ask: ClientRequest) -> dict[str, Any]:
    """That the daemon answers."""
    return {"pid": os.getpid(), "at": time.time()}


HANDLERS: dict[str, VerbHandler] = {
    "hello": hello,
    "ping": ping,
    "info": info.handle,
    "status": status.handle,
    "submit": submit.handle,
    "ls": ls.handle,
    "show": show.handle,
    "result": result.handle,
    "wait": wait.handle,
    "kill": kill.handle,
    "cancel": cancel.handle,
    "retry": retry.handle,
    "logs": logs.handle,
    "events": events.handle,
    "tasks": tasks.handle,
    "next": schedule.next_,
    "why": schedule.why,
    "misses": schedule.misses,
    "enable": schedule.enable,
    "disable": schedule.disable,
    "trigger": schedule.trigger,
    "graph": graph.handle,
    "task_log": task_log.handle,
    "queue_ls": queue.ls,
    "queue_pause": queue.pause,
    "queue_resume": queue.resume,
    "queue_purge": queue.purge,
    "params_ls": params.ls,
    "params_get": params.get,
    "params_set": params.set_,
    "params_unset": params.unset,
    "reload": reload.handle,
    "shutdown": shutdown.handle,
}
if HANDLERS.keys() != verbs.VERBS.keys():
    raise ImportError(
        f"verbs without a handler, or the other way round: {HANDLERS.keys() ^ verbs.VERBS}"
    )


class VerbDispatcher:
    """Carries out requests on one node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def dispatch(self, client: ClientConnection, request: frames.Request) -> Any:
        """The answer to a request. Raises RtdError."""
        if not client.greeted and request.method != "hello":
            raise BadRequest("the first request on a connection must be hello")
        checked = verbs.check_request(request.method, request.params)
        try:
            return await HANDLERS[request.method](
                ClientRequest(self._node, client, request.msgid, checked)
            )
        except StoreGone as error:
            raise StoreGone(f"{error.sentence}; rtd tries again by itself. {STILL_WORKS}") from None
