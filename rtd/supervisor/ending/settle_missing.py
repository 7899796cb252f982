"""Settling missing executors: no supervisor has seen their end."""

import asyncio
from collections.abc import Iterable
from typing import Final

from rtd.process.tree.process_identity import same_process
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorExit
from rtd.supervisor.core.log import log
from rtd.supervisor.ending.settle import Settler

#: Redis may know an executor before its zygote has reported it, so an unknown one is settled
#: only if it is still unknown after this time.
RECHECK_S: Final = 1.0


async def settle_unknown(context: SupervisorContext, settler: Settler) -> None:
    """Settle executors of this node that Redis knows and that do not live.

    Raises:
        StoreGone: Redis does not answer.
    """
    if not await _unknown(context, settler):
        return
    await asyncio.sleep(RECHECK_S)
    for exec_id, lane in await _unknown(context, settler):
        log.warning("%s executor %s is gone; how it ended is not known", lane, exec_id)
        settler.settle(ExecutorExit(exec_id, lane, 0, slots_read=False), lambda: None)


async def _unknown(context: SupervisorContext, settler: Settler) -> list[tuple[str, str]]:
    """Return the id and lane of each such executor."""
    rows = await context.execute(context.commands.list_executors())
    alive = {s.exec_id for s in context.board.owned_slots() if same_process(s.pid, s.ticks)}
    return [
        (row.exec, row.lane)
        for row in rows
        if row.node == context.config.node
        and row.exec not in context.executors
        and row.exec not in alive
        and not settler.is_settling(row.exec)
    ]


async def fence_missing(
    context: SupervisorContext, settler: Settler, orphans: Iterable[ExecutorExit]
) -> None:
    """Fence executors of this node that do not live, at a start: runs would be handed to them.

    To be called when the living ones are known and none has been started; `settle_fenced` then
    settles their runs.

    Args:
        orphans: those whose end is known, which are settled later.

    Raises:
        StoreGone: Redis does not answer.
    """
    known = {orphan.exec_id for orphan in orphans}
    for exec_id, lane in await _unknown(context, settler):
        if exec_id not in known:
            log.warning("%s executor %s of an earlier start is gone", lane, exec_id)
        await context.execute(context.commands.fence(context.config.node, exec_id))


async def settle_fenced(context: SupervisorContext, settler: Settler) -> None:
    """Settle executors that an earlier supervisor has fenced and not yet settled.

    Raises:
        StoreGone: Redis does not answer.
    """
    for exec_id in await context.execute(context.commands.list_fenced()):
        if exec_id not in context.executors:
            settler.settle(ExecutorExit(exec_id, "", 0, slots_read=False), lambda: None)
