"""The answers of the verbs besides `submit`, from the daemon's own handlers."""

from collections.abc import Mapping
from typing import Any, Final

from rtd.common.errors import RtdError
from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from rtd.protocol.packed_rows import PackedResult
from rtd.redis_client.context import RedisContext
from rtd.redis_client.request import request_of
from rtd.redis_client.run_blocking import run_blocking
from rtd.redis_client.wait import wait
from rtd.rpc.core.request import ClientRequest, VerbHandler
from rtd.rpc.core.resolve_target import resolve_targets
from rtd.rpc.core.target_limit import check_count
from rtd.rpc.verbs import cancel, ls, queue, result, show, tasks

_HANDLERS: Final[Mapping[str, VerbHandler]] = {
    "ls": ls.handle,
    "queue_ls": queue.ls,
    "queue_pause": queue.pause,
    "queue_priority": queue.priority,
    "queue_resume": queue.resume,
    "result": result.handle,
    "show": show.handle,
}


def answer(context: RedisContext, method: str, params: dict[str, Any]) -> Any:
    """Return the answer to a checked request, with the values that a client gets from a daemon."""
    if method == "wait":
        return wait(context, params)
    if method == "cancel":
        return run_blocking(_cancel(context, params))
    if method == "tasks":
        return _tasks(context, params["task"])
    found = run_blocking(_handled(_HANDLERS[method], request_of(context, params)))
    packed = isinstance(found, PackedResult)
    frame = found.encode_response(1) if packed else frames.encode_response(1, found)
    (message,) = Decoder(len(frame) + 1, frames.value_hook).feed(frame)
    assert isinstance(message, frames.Response)
    return message.result


async def _handled(handler: VerbHandler, request: ClientRequest) -> Any:
    return await handler(request)


async def _cancel(context: RedisContext, params: dict[str, Any]) -> dict[str, Any]:
    """Cancel one run after the other; an error of one leaves the others alone."""
    targets: list[str] = params["runs"]
    check_count(context, targets, "runs")
    request, outcomes = request_of(context, params), []
    for target, found in zip(targets, await resolve_targets(context, targets), strict=True):
        outcome: dict[str, Any] = {
            "run": target, "id": None, "state": None, "pids": [], "new": None, "error": None
        }  # fmt: skip
        outcomes.append(outcome)
        try:
            if isinstance(found, RtdError):
                raise found
            outcome["id"] = found
            outcome.update(await cancel.cancel_run(request, found, 0))
        except RtdError as error:
            outcome["error"] = [error.code, error.sentence]
    return {"runs": outcomes}


def _tasks(context: RedisContext, name: str | None) -> dict[str, Any]:
    infos = [context.find_task(name)] if name else context.manifest.tasks.values()
    rows = [tasks.task_row(info) for info in sorted(infos, key=lambda info: info.name)]
    return {"app": None, "app_error": None, "tasks": rows}
