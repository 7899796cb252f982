"""Verbs on several runs: one outcome for each, and a failure of one leaves the others alone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rtd.common.errors import RtdError
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import resolve_target

TargetOutcome = dict[str, Any]
TargetAction = Callable[[ClientRequest, str, int], Awaitable[TargetOutcome]]


async def for_each_target(request: ClientRequest, work: TargetAction) -> dict[str, Any]:
    """Call `work(request, run id, position)` for each target at the same time.

    Its result is laid over the plain outcome; an error becomes part of the outcome.
    """
    targets: list[str] = request.params["runs"]
    jobs = [_one(request, target, position, work) for position, target in enumerate(targets)]
    return {"runs": list(await asyncio.gather(*jobs))}


async def _one(
    request: ClientRequest, target: str, position: int, work: TargetAction
) -> TargetOutcome:
    plain: TargetOutcome = {
        "run": target, "id": None, "state": None, "pids": [], "new": None, "error": None,
    }  # fmt: skip
    try:
        plain["id"] = await resolve_target(request.context, target)
        return {**plain, **await work(request, plain["id"], position)}
    except RtdError as error:
        return {**plain, "error": [error.code, error.sentence]}
