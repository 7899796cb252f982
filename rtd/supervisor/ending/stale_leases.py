"""Leases whose executor is gone, as a client sees them, and the request to settle them now."""

from typing import NamedTuple

from rtd.process.tree.process_identity import same_process
from rtd.store.commands.reads import EnrolledExecutor
from rtd.store.commands.run_places import LeasedPlace
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.ending.settle import Settler
from rtd.supervisor.ending.settle_missing import settle_fenced, settle_unknown


class StaleLease(NamedTuple):
    """A lease whose executor is gone. `node`: where that was; None: not known any more."""

    run: str
    executor: str
    node: str | None
    why: str


async def find_stale(context: SupervisorContext) -> tuple[int, list[StaleLease]]:
    """Return how many leases there are, and the stale ones. Raises StoreGone."""
    calls, here = context.commands, context.config.node
    leased: list[LeasedPlace]
    rows: list[EnrolledExecutor]
    leased, rows = await context.redis.execute_all(calls.list_leased(), calls.list_executors())
    known = {row.exec: row.node for row in rows}
    others = sorted(set(known.values()) - {here})
    present = set(await context.execute(calls.nodes_here(others))) if others else set()
    alive = {s.exec_id for s in context.board.owned_slots() if same_process(s.pid, s.ticks)}
    found = []
    for lease in leased:
        node = known.get(lease.exec)
        if node is None:
            why = "its executor has ended"
        elif node != here:
            why = "" if node in present else f"node {node} is gone"
        else:
            why = "" if lease.exec in alive else "its executor is gone"
        if why:
            found.append(StaleLease(lease.id, lease.exec, node, why))
    return len(leased), found


async def settle_now(context: SupervisorContext, settler: Settler) -> None:
    """Settle what is dead on this node. Nodes that are gone are settled once they have been so for
    long enough, see `rtd.supervisor.ending.dead_nodes`. Raises StoreGone."""
    await settle_fenced(context, settler)
    await settle_unknown(context, settler)
