"""Runs on executors of other nodes: only these nodes can stop them, and have their output."""

from collections.abc import Mapping
from typing import Final

from rtd.common.errors import WrongState
from rtd.model.run_record import Attempt
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
    context: SupervisorContext, run_id: str, attempt: Attempt | None = None
) -> None:
    """Check that another node does not have the output of a run.

    Args:
        attempt: one that has ended; None: the run goes on or waits.

    Raises:
        WrongState: it does; the sentence names it.
        StoreGone: Redis does not answer.
    """
    if attempt is None:
        node = await other_node_of(context, run_id)
    else:
        elsewhere = {} if attempt.node else await executors_elsewhere(context)
        node = node_of_attempt(context, attempt, elsewhere)
    if node is not None:
        raise WrongState(_OUTPUT_IS_THERE.format(run=run_id, node=node))


def node_of_attempt(
    context: SupervisorContext, attempt: Attempt, elsewhere: Mapping[str, str]
) -> str | None:
    """Return the other node that carried an attempt out; None: this one did, or none is known.

    Args:
        elsewhere: the node of each executor of another node, for attempts that name no node.
    """
    node = attempt.node or elsewhere.get(attempt.executor)
    return None if node == context.config.node else node
