"""Verbs on several runs: one outcome for each, and a failure of one leaves the others alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from rtd.common.errors import RtdError
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import resolve_targets
from rtd.rpc.core.target_limit import reserved_targets

#: Targets of one request that are worked on at the same time.
WORKERS: Final = 8
#: Outcomes that are made in one turn.
CHUNK: Final = 1000

TargetOutcome = dict[str, Any]
#: What is done to a target may go on beyond its turn: then it gives the wait for its end.
TargetWork = TargetOutcome | Awaitable[TargetOutcome]
TargetAction = Callable[[ClientRequest, str, int], Awaitable[TargetWork]]


async def for_each_target(request: ClientRequest, work: TargetAction) -> dict[str, Any]:
    """Call `work(request, run id, position)` for each target, some at the same time.

    Its result is laid over the plain outcome; an error becomes part of the outcome. When the
    client goes, the targets whose turn has not come are left alone.
    """
    targets: list[str] = request.params["runs"]
    with reserved_targets(request):
        found = await resolve_targets(request.context, targets)
        fan_out = _FanOut(request, work)
        await fan_out.run(targets, found)
        return {"runs": fan_out.outcomes}


class _FanOut:
    """The work on all targets of one request, in bounded parts."""

    def __init__(self, request: ClientRequest, work: TargetAction) -> None:
        self._request = request
        self._work = work
        self.outcomes: list[TargetOutcome] = []

    async def run(self, targets: list[str], found: list[str | RtdError]) -> None:
        """Work on all targets, until the outcome of each is known."""
        for count, (target, one) in enumerate(zip(targets, found, strict=True)):
            if count % CHUNK == CHUNK - 1:
                await asyncio.sleep(0)  # other clients get their turn
            is_known = isinstance(one, str)
            self.outcomes.append({
                "run": target, "id": one if is_known else None, "state": None, "pids": [],
                "new": None, "error": None if isinstance(one, str) else [one.code, one.sentence],
            })  # fmt: skip
        left = (at for at, one in enumerate(found) if isinstance(one, str))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(WORKERS, len(targets))):
                group.create_task(self._work_off(left, group))

    async def _work_off(self, left: Iterator[int], group: asyncio.TaskGroup) -> None:
        for at in left:
            outcome = self.outcomes[at]
            async with self._request.client.requests.worker():
                later = await self._settle(at, self._work(self._request, outcome["id"], at))
            if later is not None:
                group.create_task(self._finish(at, later))

    async def _finish(self, at: int, later: Awaitable[TargetOutcome]) -> None:
        await self._settle(at, later)

    async def _settle(
        self, at: int, work: Awaitable[TargetWork]
    ) -> Awaitable[TargetOutcome] | None:
        """Take the result of the work on a target into its outcome. Returns what goes on."""
        try:
            result = await work
        except RtdError as error:
            self.outcomes[at]["error"] = [error.code, error.sentence]
            return None
        if not isinstance(result, dict):
            return result
        self.outcomes[at].update(result)
        return None
