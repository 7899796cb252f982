"""The supervisor's part in the task log: it switches the log on, and records which runs begin.

The scripts in Redis that end runs record their ends. The supervisor sees on the board which runs
have begun; for a run that ends sooner, the record of its end says both.
"""

import asyncio
import time
from typing import Final

from rtd.common.errors import StoreGone
from rtd.common.format_units import format_count
from rtd.model.internal_tasks import is_internal
from rtd.process.board.board import SlotSnapshot
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.clock import wall_of_ns
from rtd.supervisor.core.context import SupervisorContext

#: How often the board is scanned, if runs are logged.
SCAN_S: Final = 0.1
#: The beginning of a run is recorded when it is this old.
AGE_NS: Final = 30_000_000
_BATCH: Final = 500
#: If the log stands still for this long, that is a fault.
STUCK_S: Final = 30.0


class TaskLogMonitor:
    """The task log of this node.

    Args:
        context: what the parts of the supervisor share.
        stuck_s: how long the log may stand still while entries wait.
    """

    def __init__(self, context: SupervisorContext, stuck_s: float = STUCK_S) -> None:
        self._context = context
        self._stuck_s = stuck_s
        self._recorded: set[str] = set()
        self._recording: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watching: asyncio.Task[None] | None = None
        self._served = False

    def on_app_change(self, fresh: bool) -> None:
        """Switch the log on or off, as the manifest says.

        Called before the first executor of its zygote is ordered, so that no run ends before.

        Args:
            fresh: this daemon has started its zygote, not adopted it.
        """
        forget = fresh and not self._served
        self._served = True
        on = self._context.manifest.info.logged
        self._context.jobs.start(self._switch(on, forget), "switching the task log")
        self.stop()
        if on:
            self._scan_later()
            self._watching = self._context.jobs.start_lasting(self._watch, "watching the task log")

    def stop(self) -> None:
        """Record no more beginnings."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None

    async def _switch(self, on: bool, forget: bool) -> None:
        context = self._context
        calls = [context.commands.log_switch(context.config.node, on)]
        if forget:
            calls.append(context.commands.log_forget_memory(context.config.node))

        async def switch() -> None:
            if context.manifest.info.logged == on:  # else a later call has decided
                await context.redis.execute_all(*calls)

        await context.retry(switch)

    # --- runs that have begun

    def _scan_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(SCAN_S, self._scan)

    def _scan(self) -> None:
        self._scan_later()
        if self._recording is not None and not self._recording.done():
            return
        now_ns = time.monotonic_ns()
        running = {seen.run_id: seen for seen in self._context.busy_slots()}
        self._recorded &= running.keys()
        new = [
            seen
            for run_id, seen in running.items()
            if run_id not in self._recorded and now_ns - seen.started_ns >= AGE_NS
        ]
        if new:
            self._recording = self._context.jobs.start(
                self._record_begun(new[:_BATCH]), "recording which runs have begun"
            )

    async def _watch(self) -> None:
        """Record a fault when a handler hangs: no other part notices that."""
        context = self._context
        before: bytes | None = None
        while context.manifest.info.logged:
            await asyncio.sleep(self._stuck_s)
            try:
                count, first = await context.redis.execute_all(
                    *context.commands.log_waiting(context.config.node)
                )
            except StoreGone:
                continue
            if first is not None and first == before:
                waiting = format_count(count, "entry", "entries")
                text = f"nothing was written for {self._stuck_s:g} s, with {waiting} waiting"
                context.faults.record("log", "handlers", f"{text}: one of them hangs")
            before = first

    async def _record_begun(self, new: list[SlotSnapshot]) -> None:
        context = self._context
        try:
            blobs = await context.execute(
                context.commands.get_records([seen.run_id for seen in new])
            )
            runs = []
            for seen, blob in zip(new, blobs, strict=True):
                record = readable_record(seen.run_id, blob)
                if record is not None and not is_internal(record.spec.task):
                    runs.append((seen.run_id, record.spec.task, wall_of_ns(seen.started_ns)))
            if runs:
                await context.execute(context.commands.log_begun(context.config.node, runs))
            self._recorded.update(seen.run_id for seen in new)
        except StoreGone:
            await context.wait_redis()
