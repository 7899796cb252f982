"""`reload`: the app as it is now takes the place of the one that serves."""

from typing import Any

from rtd.common.errors import AppError, InternalError
from rtd.rpc.core.request import ClientRequest
from rtd.supervisor.core.log import log


async def handle(ask: ClientRequest) -> dict[str, Any]:
    """Answers when it serves, or says why it does not."""
    log.info("%s asked for a reload", ask.client.peer.text)
    try:
        done = await ask.node.reloader.reload()
    except (AppError, InternalError) as error:
        said = f"not reloaded, the app of before serves on: {error.sentence}"
        raise type(error)(said) from None
    faults = ask.context.manifest.info.faults
    return {
        "generation": done.generation,
        "tasks": done.tasks,
        "added": list(done.added),
        "changed": list(done.changed),
        "removed": list(done.removed),
        "faults": [f"{fault.kind} {fault.what}: {fault.message}" for fault in faults],
    }
