"""`ls`: runs in lines, the running ones first, then the queued, then the ended."""

from collections.abc import Callable, Collection
from typing import Any, Final

from rtd.common.errors import BadRequest
from rtd.model.run_states import BY_CHAR, TERMINAL, State
from rtd.rpc.core.request import Ask
from rtd.rpc.core.run_rows import Row, Rows
from rtd.store.commands.arguments import Leased
from rtd.store.commands.reads import Running, Waiting
from rtd.supervisor.core.context import Core

LIMIT_MAX: Final = 10_000
#: Ended runs are read in pages of this size while a filter leaves too few.
PAGE: Final = 200
#: So many are looked at, at most, for one answer.
LOOKED_AT_MAX: Final = 10_000

Keep = Callable[[Row], bool]


async def handle(ask: Ask) -> dict[str, Any]:
    """The runs that fit, at most `limit`."""
    params, core = ask.params, ask.core
    limit = params["limit"]
    if not 1 <= limit <= LIMIT_MAX:
        raise BadRequest(f"ls: limit must be 1 to {LIMIT_MAX}, not {limit}")
    states = _states(params["state"])
    calls, task = core.calls, params["task"]
    live = not states.isdisjoint({State.RUNNING, State.QUEUED})
    look = LOOKED_AT_MAX if live and task is not None else limit + 1
    # In the order in which runs move, so that one on its way is seen once at least.
    waiting, running, progress, tally, table = await core.redis.call(
        calls.list_queued(look, params["queue"] or ""),
        calls.list_running(),
        calls.progress(),
        calls.tally(),
        calls.queue_table(),
    )
    rows = Rows(core, progress)
    found = _Found(_filter(params, states), limit)
    totals = _totals(rows, running, tally, table)
    if live:
        _add_leased(found, rows, running)
        await _add_waiting(core, found, rows, waiting)
    if not states.isdisjoint(TERMINAL):
        await _add_ended(core, found, rows, task, states)
    return {"runs": found.rows, "totals": totals, "more": found.more}


class _Found:
    """Rows that fit, up to the limit."""

    def __init__(self, keep: Keep, limit: int) -> None:
        self._keep = keep
        self._limit = limit
        self.rows: list[Row] = []
        self.more = False
        self._seen: set[str] = set()

    @property
    def room(self) -> int:
        """How many more there is room for, and one to know that there are more."""
        return 0 if self.more else self._limit - len(self.rows) + 1

    def add(self, row: Row) -> None:
        if row["id"] in self._seen or not self._keep(row):
            return
        self._seen.add(row["id"])
        if len(self.rows) < self._limit:
            self.rows.append(row)
        else:
            self.more = True


def _states(names: list[str]) -> frozenset[State]:
    try:
        return frozenset(map(State, names)) if names else frozenset(State)
    except ValueError:
        known = ", ".join(State)
        bad = next(name for name in names if name not in State._value2member_map_)
        raise BadRequest(f"ls: {bad!r:.40} is no state; states are {known}") from None


def _filter(params: dict[str, Any], states: Collection[State]) -> Keep:
    task, queue, since = params["task"], params["queue"], params["since"]

    def keep(row: Row) -> bool:
        return (
            State(row["state"]) in states
            and (task is None or row["task"] == task)
            and (queue is None or row["queue"] == queue)
            and (since is None or _changed_at(row) >= since)
        )

    return keep


def _changed_at(row: Row) -> float:
    at: float = row["ended_at"] or row["started_at"] or row["submitted_at"]
    return at


def _totals(rows: Rows, running: list[Running], tally: dict[str, int], table: list[Any]) -> Row:
    going = sum(1 for lease in running if rows.is_going(lease.id))
    waiting = sum(row.queued + row.delayed + row.held for row in table)
    totals = {str(BY_CHAR[char]): count for char, count in tally.items() if char in BY_CHAR}
    return {"running": going, "queued": waiting + len(running) - going, **totals}


def _add_leased(found: _Found, rows: Rows, running: list[Running]) -> None:
    """First those that are going, then those that an executor has fetched ahead."""
    leased = [rows.of_blob(lease.record) for lease in running]
    leased.sort(key=lambda row: (row["started_at"] is None, -(row["started_at"] or 0)))
    for row in leased:
        found.add(row)


async def _add_waiting(core: Core, found: _Found, rows: Rows, waiting: list[Waiting]) -> None:
    if not found.room:
        return
    delayed = [run.place_item for run in waiting if run.where == "delayed"]
    due_at = dict(await core.ask(core.calls.due_of(delayed))) if delayed else {}
    for run in waiting:
        found.add(rows.of_blob(run.record, due_at=due_at.get(run.place_item)))


async def _add_ended(
    core: Core, found: _Found, rows: Rows, task: str | None, states: frozenset[State]
) -> None:
    bad = task is None and State.SUCCEEDED not in states
    offset, size = 0, min(PAGE, found.room)
    while found.room and offset < LOOKED_AT_MAX:
        page: list[Leased] = await core.ask(
            core.calls.list_done(size, task=task, bad=bad, offset=offset)
        )
        for run in page:
            found.add(rows.of_blob(run.record))
        if not page:
            return
        offset, size = offset + size, PAGE
