"""The answers of the verbs besides `submit`, from the daemon's own handlers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast

from rtd.common.errors import RtdError
from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from rtd.protocol.packed_rows import PackedResult
from rtd.redis_client.context import RedisContext
from rtd.redis_client.request import request_of
from rtd.redis_client.run_blocking import run_blocking
from rtd.redis_client.wait import wait
from rtd.rpc.core.for_each_target import TargetOutcome
from rtd.rpc.core.read_records import read_record
from rtd.rpc.core.request import ClientRequest, VerbHandler
from rtd.rpc.core.resolve_target import resolve_targets
from rtd.rpc.core.target_limit import check_count
from rtd.rpc.verbs import cancel, ls, queue, result, retry, show, tasks

_HANDLERS: Final[Mapping[str, VerbHandler]] = {
    "ls": ls.handle,
    "queue_ls": queue.ls,
    "queue_pause": queue.pause,
    "queue_priority": queue.priority,
    "queue_purge": queue.purge,
    "queue_resume": queue.resume,
    "result": result.handle,
    "show": show.handle,
}

_TargetAction = Callable[[ClientRequest, str, int], Awaitable[TargetOutcome]]


def answer(context: RedisContext, method: str, params: dict[str, Any]) -> Any:
    """Return the answer to a checked request, with the values that a client gets from a daemon."""
    if method == "wait":
        return wait(context, params)
    if method == "cancel":
        return run_blocking(_for_each(context, params, cancel.cancel_run))
    if method == "retry":
        retry.check_ids(params)
        return run_blocking(_for_each(context, params, _retry))
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


async def _for_each(
    context: RedisContext, params: dict[str, Any], work: _TargetAction
) -> dict[str, Any]:
    """Work on one run after the other; an error of one leaves the others alone."""
    targets: list[str] = params["runs"]
    check_count(context, targets, "runs")
    request, outcomes = request_of(context, params), []
    for at, found in enumerate(await resolve_targets(context, targets)):
        outcome: dict[str, Any] = {
            "run": targets[at], "id": None, "state": None, "pids": [], "new": None, "error": None
        }  # fmt: skip
        outcomes.append(outcome)
        try:
            if isinstance(found, RtdError):
                raise found
            outcome["id"] = found
            outcome.update(await work(request, found, at))
        except RtdError as error:
            outcome["error"] = [error.code, error.sentence]
    return {"runs": outcomes}


async def _retry(request: ClientRequest, run_id: str, position: int) -> TargetOutcome:
    """As the daemon; a task that only this app has is declared first."""
    context = cast(RedisContext, request.context)
    _, record = await read_record(context, run_id)
    await context.declare(record.spec.task)
    return await retry.retry_run(request, run_id, position)


def _tasks(context: RedisContext, name: str | None) -> dict[str, Any]:
    infos = [context.find_task(name)] if name else context.manifest.tasks.values()
    rows = [tasks.task_row(info) for info in sorted(infos, key=lambda info: info.name)]
    rows = run_blocking(tasks.with_last_ends(context, None, rows))
    return {"app": None, "app_error": None, "tasks": rows}
