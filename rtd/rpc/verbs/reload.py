"""`reload`: import the app again and serve it."""

from typing import Any

from rtd.common.errors import AppError, InternalError
from rtd.protocol import daemon_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.core.log import log


@handles(daemon_verbs.RELOAD)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Answer when the new app serves, or with the reason why it does not."""
    log.info("%s asked for a reload", request.client.peer.text)
    try:
        done = await request.node.reloader.reload()
    except (AppError, InternalError) as error:
        sentence = f"not reloaded, the previous app stays in use: {error.sentence}"
        raise type(error)(sentence) from None
    faults = request.context.manifest.info.faults
    return {
        "generation": done.generation,
        "tasks": done.tasks,
        "added": list(done.added),
        "changed": list(done.changed),
        "removed": list(done.removed),
        "faults": [f"{fault.kind} {fault.what}: {fault.message}" for fault in faults],
    }
