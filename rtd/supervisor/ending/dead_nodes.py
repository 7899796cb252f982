"""Nodes that share the Redis and are gone: their runs are settled by a node that lives.

A node renews its claim every few seconds. A claim that is missing for long says that its supervisor
is gone; its executors may go on without one. So an executor counts as dead only if, besides, Redis
has no connection of it: an executor keeps one for its whole life. A host that lost its power has
connections until Redis notices that (`tcp-keepalive`).
"""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Final

from rtd.common.errors import RtdError, StoreError
from rtd.store.commands.node_claim import CONNECTED_NAMES, connection_name
from rtd.store.commands.reads import EnrolledExecutor
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorExit
from rtd.supervisor.core.log import log
from rtd.supervisor.ending.settle import Settler

#: How often the claims of other nodes are read; one short command.
INTERVAL_S: Final = 5.0
#: A node whose claim has been missing for so long is gone.
LOST_S: Final = 15.0


class DeadNodes:
    """Settles the executors of nodes that are gone.

    Args:
        context: what the parts of the supervisor share.
        settler: writes the outcomes.
        refill: called when runs of dead nodes may have been queued again.
    """

    def __init__(
        self, context: SupervisorContext, settler: Settler, refill: Callable[[], None]
    ) -> None:
        self._context = context
        self._settler = settler
        self._refill = refill
        #: Since when (monotonic) each node has no claim.
        self._missing: dict[str, float] = {}

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            await self._context.retry(self._look)

    async def _look(self) -> None:
        context = self._context
        rows: list[EnrolledExecutor] = await context.execute(context.commands.list_executors())
        nodes = sorted({row.node for row in rows} - {context.config.node})
        if not nodes:
            self._missing.clear()
            return
        present: Collection[str] = await context.execute(context.commands.nodes_here(nodes))
        now_s = time.monotonic()
        self._missing = {
            node: self._missing.get(node, now_s) for node in nodes if node not in present
        }
        gone = {node for node, since_s in self._missing.items() if now_s - since_s >= LOST_S}
        if gone:
            await self._settle([row for row in rows if row.node in gone])

    async def _settle(self, rows: list[EnrolledExecutor]) -> None:
        connected = await self._connected()
        for row in rows:
            if connection_name(row.exec) in connected or self._settler.is_settling(row.exec):
                continue
            log.warning("node %s is gone, with its %s executor %s", row.node, row.lane, row.exec)
            dead = ExecutorExit(row.exec, row.lane, 0, slots_read=False, node=row.node)
            self._settler.settle(dead, self._refill)

    async def _connected(self) -> Collection[str]:
        """Return the names of all connections. A connection of its own: the user may not be
        allowed to list them, which must not look as if Redis took no commands."""
        connection = await AsyncRedisConnection.connect(self._context.store_url)
        try:
            names: Collection[str] = await connection.execute(CONNECTED_NAMES)
        except RtdError as error:
            raise StoreError(f"the runs of dead nodes cannot be settled: {error}") from None
        finally:
            await connection.close()
        return names
