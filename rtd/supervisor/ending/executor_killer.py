"""Ends executors by force: kills one with all below it, or retires one that others replace."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from rtd.common.errors import StoreGone
from rtd.protocol.zygote_messages import KillCommand, RetireCommand
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorPhase
from rtd.supervisor.core.log import log
from rtd.supervisor.pools.zygotes import Zygotes

#: How long after a kill the zygote may take to report the exit before the kill is repeated.
KILL_S: Final = 15.0
#: While the daemon ends: before the zygote counts as stuck and is killed itself.
DRAIN_KILL_S: Final = 8.0


class ExecutorKiller:
    """Kills and replaces executors.

    Args:
        context: what the parts of the supervisor share.
        zygotes: receive the commands.
        refill: called with a lane that needs another executor.
    """

    def __init__(
        self, context: SupervisorContext, zygotes: Zygotes, refill: Callable[[str], None]
    ) -> None:
        self._context = context
        self._zygotes = zygotes
        self._refill = refill
        self._exits: dict[str, asyncio.Event] = {}

    def on_executor_exit(self, exec_id: str) -> None:
        """Continue the kills that wait for this executor to end."""
        event = self._exits.pop(exec_id, None)
        if event is not None:
            event.set()

    async def kill(self, executor: ExecutorEntry, why: str) -> None:
        """Kill an executor and everything below it. Returns when the zygote has proved it."""
        is_killed, executor.phase = executor.phase is ExecutorPhase.KILLED, ExecutorPhase.KILLED
        executor.why = why
        event = self._exits.setdefault(executor.id, asyncio.Event())
        if executor.id not in self._context.executors:
            return
        if not is_killed:  # else that is under way, for another of its runs
            self._zygotes.send_command(executor, KillCommand(executor.id))
        while not event.is_set():
            try:
                limit_s = DRAIN_KILL_S if self._context.gate.is_draining else KILL_S
                await asyncio.wait_for(event.wait(), limit_s)
            except TimeoutError:
                if self._context.gate.is_draining:  # it must end, and its executors with it
                    self._zygotes.kill_zygote_of(executor)
                    continue
                log.error("executor %d does not die: asking its zygote again", executor.pid)
                self._zygotes.send_command(executor, KillCommand(executor.id))

    async def replace(self, executor: ExecutorEntry) -> None:
        """Let an executor take no new runs, and have another one started for its lane."""
        context = self._context
        executor.phase = ExecutorPhase.RETIRING
        self._zygotes.send_command(executor, RetireCommand(executor.id))
        with contextlib.suppress(StoreGone):  # its slots on the board say so, too
            await context.redis.execute_all(
                context.commands.retire(executor.id),
                context.commands.clear_demand(context.config.node, executor.lane),
            )
        self._refill(executor.lane)
        context.executors.changes.notify()
