"""Waits for the ends of runs, as Redis publishes them. Nothing polls."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rtd.common.errors import BadRequest, StoreGone, StoreRefusal
from rtd.model.run_states import TERMINAL
from rtd.redis_client.connections import CONNECT_S
from rtd.redis_client.run_blocking import run_blocking
from rtd.rpc.core.read_records import read_records
from rtd.rpc.core.resolve_target import resolve_all
from rtd.rpc.core.run_rows import RunRows
from rtd.rpc.core.target_limit import check_count
from rtd.rpc.verbs.wait import timeout_error
from rtd.store.events.end_subscription import EndSubscription
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import no_such_run

#: So long one try to reach a Redis that is away goes on; then comes the next.
_AWAY_S: Final = 3600.0

Rows = Mapping[str, dict[str, Any]]


def wait(context: SupervisorContext, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows of all runs, once all (or any) of them have ended.

    When Redis is away the runs go on, and so does the wait. Raises WaitTimeout.
    """
    if not params["runs"]:
        raise BadRequest("wait: name at least one run")
    check_count(context, params["runs"], "runs")
    timeout_s = params["timeout_s"]
    until = None if timeout_s is None else time.monotonic() + timeout_s
    ids = run_blocking(resolve_all(context, params["runs"]))
    rows: Rows = run_blocking(_rows(context, ids))
    enough = len(set(ids)) - 1 if params["any"] else 0
    if len(_pending(rows)) > enough:
        rows = _until_ended(context, ids, enough, until, timeout_s)
    return {"runs": [rows[run_id] for run_id in ids]}


def _until_ended(
    context: SupervisorContext,
    ids: Sequence[str],
    enough: int,
    until: float | None,
    timeout_s: float | None,
) -> Rows:
    with EndSubscription(context.store_url) as ends:
        ends.connect_once(CONNECT_S)
        while True:
            try:
                return _watch(context, ends, ids, enough, until, timeout_s)
            except StoreRefusal:
                raise
            except StoreGone:
                left_s = _AWAY_S if until is None else until - time.monotonic()
                if left_s <= 0:
                    raise
                ends.reconnect(left_s)


def _watch(
    context: SupervisorContext,
    ends: EndSubscription,
    ids: Sequence[str],
    enough: int,
    until: float | None,
    timeout_s: float | None,
) -> Rows:
    calls = context.commands
    channels = {calls.end_channel(run_id): run_id for run_id in ids}
    ends.subscribe(list(channels))
    run_blocking(context.redis.execute_all(*calls.await_runs(ids)))
    rows = run_blocking(_rows(context, ids))
    pending = _pending(rows)
    while len(pending) > enough:
        left_s = None if until is None else until - time.monotonic()
        channel = None if left_s is not None and left_s <= 0 else ends.next_channel(left_s)
        if channel is None:
            raise timeout_error(ids, pending, timeout_s)
        pending.discard(channels.get(channel, ""))
    return run_blocking(_rows(context, ids))


def _pending(rows: Rows) -> set[str]:
    return {run_id for run_id, row in rows.items() if row["state"] not in TERMINAL}


async def _rows(context: SupervisorContext, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the rows by id. Raises NoSuchRun."""
    progress = await context.execute(context.commands.get_progress())
    rows = RunRows(context, progress)
    found: dict[str, dict[str, Any]] = {}
    async for run_id, blob in read_records(context, ids):
        found[run_id] = rows.of_blob(run_id, blob)
    for run_id in ids:
        if run_id not in found:
            raise no_such_run(run_id)
    return found
