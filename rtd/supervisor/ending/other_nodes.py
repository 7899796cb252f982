"""Runs on executors of other nodes, which only these nodes can stop."""

from rtd.common.errors import WrongState
from rtd.supervisor.core.context import SupervisorContext


async def refuse_other_nodes(context: SupervisorContext, run_id: str) -> None:
    """Check that a run is not on another node. Raises WrongState, StoreGone."""
    leases, rows = await context.redis.execute_all(
        context.commands.list_leased(), context.commands.list_executors()
    )
    holder = next((lease.exec for lease in leases if lease.id == run_id), None)
    node = next((row.node for row in rows if row.exec == holder), context.config.node)
    if node != context.config.node:
        raise WrongState(f"run {run_id} runs on node {node}; stop it there")
