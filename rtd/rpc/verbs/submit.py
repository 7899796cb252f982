"""`submit`: queue one run, or many of one task."""

import os
from dataclasses import replace
from typing import Any

from rtd.common.errors import StoreGone, StoreRefusal
from rtd.common.text_of import show_value
from rtd.model.run_record import HEADERS
from rtd.protocol import run_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.target_limit import check_targets
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.runs.direct_submit import shortcut_for
from rtd.supervisor.runs.submit import CHUNK, SubmitRequest, plan_of, submit


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
        raise _without_reply(submit_request, error) from None
    shortcut = None
    if params["shortcut"] and submit_request.options.keys() <= {HEADERS}:
        plan = plan_of(request.context, replace(submit_request, options={}))
        shortcut = shortcut_for(request.context, plan, request.client.peer.uid, os.getuid())
    return {"ids": ids, "created": created, "shortcut": shortcut}


def _without_reply(request: SubmitRequest, error: StoreGone) -> StoreGone:
    """Return the error with whether the runs may have been queued all the same."""
    count, key = len(request.many), request.key
    if isinstance(error, StoreRefusal):
        return error
    if not error.maybe_done:
        return StoreGone(f"{error.sentence}; nothing was queued" if count <= CHUNK else str(error))
    if key is not None:
        again = f"the same submit with the same id {show_value(key)} makes no second one"
        return StoreGone(f"{error.sentence}; the run may be queued all the same: {again}")
    which = f"run {request.ids[0]}" if count == 1 and request.ids else "the run"
    if count > 1:
        which = f"some of the {count:,} runs"
    return StoreGone(f"{error.sentence}; {which} may be queued all the same")
