"""`submit`: queue one run, or many of one task."""

from typing import Any

from rtd.common.errors import StoreGone
from rtd.protocol import run_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.target_limit import check_targets
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.runs.direct_submit import shortcut_for
from rtd.supervisor.runs.submit import SubmitRequest, submit, without_reply


@handles(run_verbs.SUBMIT)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Queue the runs; see `rtd.supervisor.runs.submit`."""
    params = request.params
    many = params["many"]
    check_targets(request, many or (), "runs")
    check_targets(request, params["ids"] or (), "ids")
    submit_request = SubmitRequest(
        task=params["task"],
        many=[params["params"]] if many is None else many,
        ids=params["ids"],
        key=params["key"],
        options=params["options"],
        by=request.client.peer.text,
    )
    try:
        ids, created = await submit(request.context, submit_request)
    except StoreGone as error:
        raise without_reply(submit_request, error) from None
    shortcut = None
    if params["shortcut"]:
        shortcut = shortcut_for(request.context, submit_request, request.client.is_owner)
    return {"ids": ids, "created": created, "shortcut": shortcut}
