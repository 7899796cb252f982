"""`wait`: answers when runs have ended."""

import time
from typing import Any

from rtd.common.errors import BadRequest, StoreGone, WaitTimeout
from rtd.common.format_units import format_duration
from rtd.rpc.core.request import Ask
from rtd.rpc.core.resolve_target import no_such, resolve
from rtd.rpc.core.run_rows import Row, Rows
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.run_waiters import Watch, chunks


async def handle(ask: Ask) -> dict[str, Any]:
    """The rows of all runs, once all (or any) of them have ended.

    A loss of Redis is waited out: the runs go on, and so does the wait.
    """
    core, params = ask.core, ask.params
    if not params["runs"]:
        raise BadRequest("wait: name at least one run")
    timeout_s = params["timeout_s"]
    until = None if timeout_s is None else time.monotonic() + timeout_s
    ids = [await resolve(core, target) for target in params["runs"]]
    # With `any` one that was over before the wait began is enough, too.
    enough = len(set(ids)) - 1 if params["any"] else 0
    async with ask.node.waiters.watch(ids) as watch:
        while len(watch.pending) > enough:
            await _change(watch, until, timeout_s)
    return {"runs": await _rows(core, ids)}


async def _change(watch: Watch, until: float | None, timeout_s: float | None) -> None:
    left_s = None if until is None else max(0.0, until - time.monotonic())
    if not await watch.change(left_s):
        count = len(watch.pending)
        raise WaitTimeout(
            f"{count} of the runs {'has' if count == 1 else 'have'} not ended after"
            f" {format_duration(timeout_s or 0.0)}; {'it goes' if count == 1 else 'they go'} on"
        )


async def _rows(core: Core, ids: list[str]) -> list[Row]:
    while True:
        try:
            return await _read(core, ids)
        except StoreGone:
            await core.redis_back()


async def _read(core: Core, ids: list[str]) -> list[Row]:
    found: list[Row] = []
    progress = await core.ask(core.calls.progress())
    rows = Rows(core, progress)
    for chunk in chunks(ids):
        blobs = await core.ask(core.calls.get_many(chunk))
        for run_id, blob in zip(chunk, blobs, strict=True):
            if blob is None:
                raise no_such(run_id)
            found.append(rows.of_blob(blob))
    return found
