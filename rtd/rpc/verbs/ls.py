"""`ls`: rows of runs, the running ones first, then the queued, then the ended."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any, Final

from rtd.common.errors import BadRequest
from rtd.model.run_states import STATE_BY_CHAR, STATE_SETS, TERMINAL, RunState
from rtd.protocol import run_verbs
from rtd.protocol.packed_rows import PackedResult, PackedRows
from rtd.rpc.core.bad_records import RunRow
from rtd.rpc.core.read_records import read_records
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.run_rows import RunRows
from rtd.rpc.core.verb_handlers import handles
from rtd.store.commands.run_places import LeasedPlace, WaitingPlace
from rtd.supervisor.core.context import SupervisorContext

LIMIT_MAX: Final = 10_000
#: The size of the pages in which ended runs are read while a filter leaves too few.
PAGE: Final = 200
#: How many ended runs are read at most for one answer.
MAX_SCANNED: Final = 10_000
#: A run may be put on the list of ended runs so much later than it ended: Redis was away.
STRAY_S: Final = 3600.0

RowFilter = Callable[[RunRow], bool]


@handles(run_verbs.LS)
async def handle(request: ClientRequest) -> dict[str, Any] | PackedResult:
    """Return the runs that fit, at most `limit`."""
    limit = request.params["limit"]
    if not 1 <= limit <= LIMIT_MAX:
        raise BadRequest(f"ls: limit must be 1 to {LIMIT_MAX}, not {limit}")
    if limit <= PAGE:
        return await _answer(request, limit)
    async with request.large_turn():
        return await _answer(request, limit)


async def _answer(request: ClientRequest, limit: int) -> dict[str, Any] | PackedResult:
    params, context = request.params, request.context
    states = _states(params["state"])
    calls, task, ended_from = context.commands, params["task"], params["ended_from"]
    if ended_from is not None and ended_from < 0:
        raise BadRequest(f"ls: ended_from must be 0 or more, not {ended_from}")
    live = ended_from is None and not states.isdisjoint({RunState.RUNNING, RunState.QUEUED})
    look = MAX_SCANNED if live and (task is not None or params["labels"]) else limit + 1
    # In the order in which runs move, so that a run that moves meanwhile is seen at least once.
    waiting, leased, execs, progress, tally, table = await context.redis.execute_all(
        calls.list_waiting(look if live else 0, params["queue"] or ""),
        calls.list_leased(),
        calls.list_executors(),
        calls.get_progress(),
        calls.tally(),
        calls.queue_table(),
    )
    if len(waiting) > PAGE:
        await asyncio.sleep(0)  # other clients get their turn
    rows = RunRows(context, progress)
    found = _FoundRows(_filter(params, states), limit)
    others = {row.exec for row in execs if row.node != context.config.node}
    elsewhere = {lease.id for lease in leased if lease.exec in others}
    totals = _totals(rows, leased, elsewhere, tally, table)
    if live:
        await _add_leased(context, found, rows, leased, elsewhere)
        await _add_waiting(context, found, rows, waiting)
        found.more = found.more or len(waiting) >= look
    position = None
    if not states.isdisjoint(TERMINAL):
        position = await _add_ended(context, found, rows, params, states)
    more = found.more or position is not None
    rest = {"totals": totals, "more": more, "next": position}
    if isinstance(found.rows, PackedRows):
        return PackedResult("runs", found.rows, rest)
    return {"runs": found.rows, **rest}


class _FoundRows:
    """Collects rows that fit, up to the limit."""

    def __init__(self, keep: RowFilter, limit: int) -> None:
        self._fits = keep
        self._limit = limit
        self.rows: list[RunRow] | PackedRows = [] if limit <= PAGE else PackedRows()
        self.more = False
        self._seen: set[str] = set()

    @property
    def room(self) -> int:
        """How many more rows fit, and one to know whether there are more."""
        return 0 if self.more else self._limit - len(self.rows) + 1

    def add(self, row: RunRow) -> bool:
        """Add a row if it fits. Returns False when there is no room for it."""
        if row["id"] in self._seen or not self._fits(row):
            return True
        if len(self.rows) >= self._limit:
            self.more = True
            return False
        self._seen.add(row["id"])
        self.rows.append(row)
        return True


def _states(names: list[str]) -> frozenset[RunState]:
    found: set[RunState] = set()
    for name in names or RunState:
        if name in STATE_SETS:
            found |= STATE_SETS[name]
        elif name in RunState._value2member_map_:
            found.add(RunState(name))
        else:
            known = ", ".join([*RunState, *STATE_SETS])
            raise BadRequest(f"ls: {name!r:.40} is no state; states are {known}")
    return frozenset(found)


def _filter(params: dict[str, Any], states: Collection[RunState]) -> RowFilter:
    task, queue = params["task"], params["queue"]
    since, until, labels = params["since"], params["until"], frozenset(params["labels"])

    def keep(row: RunRow) -> bool:
        return (
            RunState(row["state"]) in states
            and (task is None or row["task"] == task)
            and (queue is None or row["queue"] == queue)
            and (not labels or labels.issubset(row["labels"]))
            and (since is None or _changed_at(row) >= since)
            and (until is None or _changed_at(row) <= until)
        )

    return keep


def _changed_at(row: RunRow) -> float:
    at: float = row["ended_at"] or row["started_at"] or row["submitted_at"]
    return at


def _totals(
    rows: RunRows,
    leased: list[LeasedPlace],
    elsewhere: Collection[str],
    tally: dict[str, int],
    table: list[Any],
) -> RunRow:
    going = sum(1 for lease in leased if rows.is_going(lease.id) or lease.id in elsewhere)
    waiting = sum(row.queued + row.delayed + row.held for row in table)
    totals = {
        str(STATE_BY_CHAR[char]): count for char, count in tally.items() if char in STATE_BY_CHAR
    }
    return {"running": going, "queued": waiting + len(leased) - going, **totals}


async def _add_leased(
    context: SupervisorContext,
    found: _FoundRows,
    rows: RunRows,
    leased: list[LeasedPlace],
    elsewhere: Collection[str],
) -> None:
    """Add the running runs first, those of other nodes last of them, then those that an executor
    has fetched ahead. Of a run on another node only that node knows whether it has begun."""
    ids = [lease.id for lease in leased]
    some = [
        rows.of_blob(run_id, blob, leased=run_id in elsewhere)
        async for run_id, blob in read_records(context, ids)
    ]
    some.sort(
        key=lambda row: (
            row["state"] != RunState.RUNNING,
            row["started_at"] is None,
            -(row["started_at"] or 0),
        )
    )
    for row in some:
        found.add(row)


async def _add_waiting(
    context: SupervisorContext, found: _FoundRows, rows: RunRows, waiting: list[WaitingPlace]
) -> None:
    if not found.room:
        return
    delayed = [run.place_item for run in waiting if run.where == "delayed"]
    due_at = dict(await context.execute(context.commands.get_due_times(delayed))) if delayed else {}
    spots = {run.id: run.place_item for run in waiting}
    if len(waiting) > PAGE:
        await asyncio.sleep(0)
    async for run_id, blob in read_records(context, list(spots)):
        found.add(rows.of_blob(run_id, blob, due_at=due_at.get(spots[run_id])))


async def _add_ended(
    context: SupervisorContext,
    found: _FoundRows,
    rows: RunRows,
    params: dict[str, Any],
    states: frozenset[RunState],
) -> int | None:
    """Add ended runs, the latest first. Returns where to go on; None: no more are left.

    Runs that end meanwhile move the others on: a later answer may repeat some of this one.
    """
    task, since = params["task"], params["since"]
    bad = task is None and RunState.SUCCEEDED not in states
    offset = begin = params["ended_from"] or 0
    size = max(1, min(PAGE, found.room))
    while offset < begin + MAX_SCANNED:
        if not found.room:
            return offset
        page: list[str] = await context.execute(
            context.commands.list_done_ids(size, task=task, bad=bad, offset=offset)
        )
        if not page:
            return None
        latest_at = 0.0
        places = {run_id: at for at, run_id in enumerate(page)}
        async for run_id, blob in read_records(context, page):
            row = rows.of_blob(run_id, blob)
            if not found.add(row):
                return offset + places[run_id]
            latest_at = max(latest_at, _changed_at(row))
        if since is not None and latest_at < since - STRAY_S:
            return None
        offset, size = offset + size, PAGE
    return offset
