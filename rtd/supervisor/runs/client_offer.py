"""The name under which clients of the embedded Redis may queue runs there by themselves."""

from rtd.common.ids import new_id
from rtd.supervisor.core.context import SupervisorContext


async def renew_offer(context: SupervisorContext) -> None:
    """Make another offer, so that none of before stands. Raises StoreGone."""
    context.offer = None
    if context.gate.is_draining:
        await context.execute(context.commands.set_offer(context.config.node, None))
        return
    name = new_id()
    await context.execute(context.commands.set_offer(context.config.node, name))
    context.offer = name
