"""`submit`: queue one run, or many of one task."""

import os
from typing import Any

from rtd.rpc.core.request import ClientRequest
from rtd.supervisor.runs.direct_submit import shortcut_for
from rtd.supervisor.runs.submit import SubmitRequest, plan_of, submit


async def handle(ask: ClientRequest) -> dict[str, Any]:
    """Queue the runs; see `rtd.supervisor.runs.submit`."""
    params = ask.params
    many = params["many"]
    request = SubmitRequest(
        task=params["task"],
        many=[params["params"]] if many is None else many,
        ids=params["ids"],
        key=params["key"],
        options=params["options"],
        by=ask.client.peer.text,
    )
    ids, created = await submit(ask.context, request)
    shortcut = None
    if params["shortcut"] and not request.options:
        plan = plan_of(ask.context, request)
        shortcut = shortcut_for(ask.context, plan, ask.client.peer.uid, os.getuid())
    return {"ids": ids, "created": created, "shortcut": shortcut}
