"""Asks runs to end: in one message for all runs of an executor that are due in one turn."""

import asyncio
from typing import Any

from rtd.protocol.zygote_messages import StopCommand
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry
from rtd.supervisor.pools.zygotes import Zygotes


class StopSender:
    """Collects the stops of one turn of the event loop."""

    def __init__(self, context: SupervisorContext, zygotes: Zygotes) -> None:
        self._context = context
        self._zygotes = zygotes
        #: By executor: slots and ids of runs.
        self._unsent: dict[str, list[list[Any]]] = {}

    def send(self, executor: ExecutorEntry, slot: int, run_id: str) -> None:
        """Ask a run to end, once this turn is over."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._send_all)
        self._unsent.setdefault(executor.id, []).append([slot, run_id])

    def _send_all(self) -> None:
        unsent, self._unsent = self._unsent, {}
        for exec_id, runs in unsent.items():
            executor = self._context.executors.get(exec_id)
            if executor is None:
                continue  # it has ended, and its runs with it
            slot, run_id = runs[0]
            self._zygotes.send_command(executor, StopCommand(exec_id, slot, run_id, runs[1:]))
