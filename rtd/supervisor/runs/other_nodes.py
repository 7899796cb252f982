"""Runs on executors of other nodes: only these nodes can stop them, and have their output."""

from typing import Final

from rtd.common.errors import WrongState
from rtd.supervisor.core.context import SupervisorContext

_OUTPUT_IS_THERE: Final = (
    "the output of run {run} is on node {node}: ask there (`rtctl logs` with its socket)"
)


async def executors_elsewhere(context: SupervisorContext) -> dict[str, str]:
    """Return the node of each enrolled executor of another node. Raises StoreGone."""
    rows = await context.execute(context.commands.list_executors())
    return {row.exec: row.node for row in rows if row.node != context.config.node}


async def other_node_of(context: SupervisorContext, run_id: str) -> str | None:
    """Return the other node that has a run now; None: no other has it. Raises StoreGone."""
    if not await executors_elsewhere(context):
        return None  # mostly: leases, which may be many, are not read
    leases, rows = await context.redis.execute_all(
        context.commands.list_leased(), context.commands.list_executors()
    )
    holder = next((lease.exec for lease in leases if lease.id == run_id), None)
    node: str | None = next((row.node for row in rows if row.exec == holder), None)
    return None if node == context.config.node else node


async def refuse_other_nodes(context: SupervisorContext, run_id: str) -> None:
    """Check that a run is not on another node. Raises WrongState, StoreGone."""
    node = await other_node_of(context, run_id)
    if node is not None:
        raise WrongState(f"run {run_id} runs on node {node}; stop it there")


async def refuse_output_elsewhere(
    context: SupervisorContext, run_id: str, executor: str | None = None
) -> None:
    """Check that another node does not have the output of a run.

    Args:
        executor: that of an ended attempt; None: the run goes on or waits.

    Raises:
        WrongState: it does; the sentence names it.
        StoreGone: Redis does not answer.
    """
    if executor is None:
        node = await other_node_of(context, run_id)
    else:
        node = (await executors_elsewhere(context)).get(executor)
    if node is not None:
        raise WrongState(_OUTPUT_IS_THERE.format(run=run_id, node=node))
