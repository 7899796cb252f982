"""`submit`: queue one run, or many of one task."""

from typing import Any

from rtd.rpc.context import Ask
from rtd.supervisor.submit import Request, submit


async def handle(ask: Ask) -> dict[str, Any]:
    """Queue the runs; see `rtd.supervisor.submit`."""
    params = ask.params
    many = params["many"]
    request = Request(
        task=params["task"],
        many=[params["params"]] if many is None else many,
        ids=params["ids"],
        key=params["key"],
        options=params["options"],
        by=ask.client.peer.text,
    )
    ids, created = await submit(ask.core, request)
    return {"ids": ids, "created": created}
