"""The tasks whose runs concern this node, as Redis knows them."""

from collections.abc import Iterable

from rtd.store.commands.node_tasks import TaskSetKind
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_waiters import chunks


async def set_tasks(
    context: SupervisorContext, kind: TaskSetKind, tasks: Iterable[str]
) -> set[str]:
    """Let exactly these tasks concern this node; what concerns other nodes stays.

    Returns:
        The tasks that are new.

    Raises:
        StoreGone: Redis does not answer; the call can be repeated.
    """
    commands, node, wanted = context.commands, context.config.node, set(tasks)
    before = set(await context.execute(commands.own_tasks(kind, node)))
    for chunk in chunks(sorted(wanted - before)):
        await context.execute(commands.add_tasks(kind, node, chunk))
    for chunk in chunks(sorted(before - wanted)):
        await context.execute(commands.remove_tasks(kind, node, chunk))
    await context.execute(commands.merge_tasks(kind, node, now_ms()))
    return wanted - before
