"""`wait`: answer when runs have ended."""

import asyncio
import time
from collections.abc import Container, Iterable
from typing import Any, Final

from rtd.common.errors import BadRequest, WaitTimeout
from rtd.common.format_units import format_duration, not_over_text
from rtd.protocol import frames, run_verbs
from rtd.protocol.packed_rows import PackedResult, PackedRows
from rtd.rpc.core.read_records import CHUNK, read_records
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import resolve_all
from rtd.rpc.core.run_rows import RunRows
from rtd.rpc.core.target_limit import reserved_targets
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import no_such_run
from rtd.supervisor.core.run_waiters import RunWatch

#: How much later than its limit a wait ends that Redis holds up.
GRACE_S: Final = 0.5


@handles(run_verbs.WAIT)
async def handle(request: ClientRequest) -> dict[str, Any] | PackedResult:
    """Return the rows of all runs, once all (or any) of them have ended.

    When Redis is away, or takes no writes, the runs go on, and so does the wait.
    """
    context, params = request.context, request.params
    if not params["runs"]:
        raise BadRequest("wait: name at least one run")
    timeout_s = params["timeout_s"]
    until = None if timeout_s is None else time.monotonic() + timeout_s
    limit_s = None if timeout_s is None else timeout_s + GRACE_S
    with reserved_targets(request):
        try:
            async with asyncio.timeout(limit_s):
                ids = await resolve_all(context, params["runs"])
                await _until_ended(request, ids, until)
                return await context.retry(lambda: _result(context, ids))
        except TimeoutError:
            raise WaitTimeout(
                f"whether the runs have ended is not known after {format_duration(timeout_s)}:"
                " Redis has not answered; they continue"
            ) from None


async def _until_ended(request: ClientRequest, ids: list[str], until: float | None) -> None:
    """Return when enough of the runs have ended. Raises WaitTimeout."""
    context, params = request.context, request.params
    timeout_s = params["timeout_s"]
    # With `any` a run that was over before the wait began is enough, too.
    enough = len(set(ids)) - 1 if params["any"] else 0
    waiters = request.node.waiters
    watch = waiters.watch(ids)
    try:
        async with asyncio.timeout(timeout_s):
            await context.retry(lambda: waiters.add(watch))
    except TimeoutError:
        raise timeout_error(ids, watch.pending, timeout_s) from None
    try:
        if len(watch.pending) > enough:
            left_s = None if until is None else max(0.0, until - time.monotonic())
            lender, any_of = request.node.slot_lender, params["any"]
            async with lender.lend(params["waiter"], watch, any_of, left_s):
                while len(watch.pending) > enough:
                    await _change(watch, ids, until, timeout_s)
    finally:
        await waiters.remove(watch)


async def _change(
    watch: RunWatch, ids: list[str], until: float | None, timeout_s: float | None
) -> None:
    left_s = None if until is None else max(0.0, until - time.monotonic())
    if not await watch.wait_change(left_s):
        raise timeout_error(ids, watch.pending, timeout_s)


def timeout_error(
    ids: Iterable[str], pending: Container[str], timeout_s: float | None
) -> WaitTimeout:
    """Return the error for runs of which some have not ended within the limit."""
    runs = list(dict.fromkeys(ids))
    left = [run_id for run_id in runs if run_id in pending]
    details = {"over": len(runs) - len(left), "runs": len(runs)}
    return WaitTimeout(not_over_text(left, len(runs), timeout_s), details)


async def _result(context: SupervisorContext, ids: list[str]) -> dict[str, Any] | PackedResult:
    progress = await context.execute(context.commands.get_progress())
    rows = RunRows(context, progress)
    is_long = len(ids) > CHUNK
    by_id: dict[str, Any] = {}
    async for run_id, blob in read_records(context, ids):
        row = rows.of_blob(run_id, blob)
        by_id[run_id] = frames.dump(row, "result") if is_long else row
    for run_id in ids:
        if run_id not in by_id:
            raise no_such_run(run_id)
    if not is_long:
        return {"runs": [by_id[run_id] for run_id in ids]}
    packed = PackedRows()
    for run_id in ids:
        packed.add_packed(by_id[run_id])
    return PackedResult("runs", packed, {})
