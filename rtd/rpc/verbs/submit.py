"""`submit`: queue one run, or many of one task."""

import os
from typing import Any

from rtd.rpc.core.request import Ask
from rtd.supervisor.runs.direct_submit import shortcut_for
from rtd.supervisor.runs.submit import Request, plan_of, submit


async def handle(ask: Ask) -> dict[str, Any]:
    """Queue the runs; see `rtd.supervisor.runs.submit`."""
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
    shortcut = None
    if params["shortcut"] and not request.options:
        plan = plan_of(ask.core, request)
        shortcut = shortcut_for(ask.core, plan, ask.client.peer.uid, os.getuid())
    return {"ids": ids, "created": created, "shortcut": shortcut}
