"""Events of runs that begin, for those who listen.

No script knows when an executor begins a run. While a client follows the events, or a program
subscribes to their channels, the supervisor sees on the board which runs have begun; for a run that
ends sooner, the script that ends it adds the event. While nothing listens this costs nothing.
"""

import asyncio
import contextlib
import time
from typing import Final

from rtd.common.errors import StoreGone
from rtd.model.internal_tasks import is_internal
from rtd.process.board.board import SlotSnapshot
from rtd.store.commands.stored_records import readable_record
from rtd.store.events.event_commands import RunStart
from rtd.supervisor.core.clock import wall_of_ns
from rtd.supervisor.core.context import SupervisorContext

#: How often the board is scanned.
SCAN_S: Final = 0.05
#: An event is added for a run that is this old.
AGE_NS: Final = 20_000_000
#: After so many scans Redis says whether it goes on.
_SCANS: Final = 20
_BATCH: Final = 500


class StartEvents:
    """Adds events for runs of this node that have begun.

    Args:
        context: what the parts of the supervisor share.
    """

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._scanning = False
        self._told: set[tuple[str, int]] = set()

    def on_notification(self, _rest: str) -> None:
        """Scan the board from now on, as long as something listens and runs go on."""
        if not self._scanning:
            self._scanning = True
            self._context.jobs.start(self._scan_on(), "telling which runs have begun")

    async def _scan_on(self) -> None:
        context = self._context
        try:
            going = True
            while going:
                going = await self._scan_some()
                going = going and await context.execute(context.commands.is_listened())
        except StoreGone:
            return  # it is rung again in a few seconds
        finally:
            self._scanning = False
        # A ring from here on begins another scan.
        with contextlib.suppress(StoreGone):
            await context.execute(context.commands.listen_again())

    async def _scan_some(self) -> bool:
        """Scan the board for a second. Returns whether there was a run on it."""
        was_busy = False
        for _ in range(_SCANS):
            await asyncio.sleep(SCAN_S)
            now_ns = time.monotonic_ns()
            going = {(seen.run_id, seen.attempt): seen for seen in self._context.busy_slots()}
            was_busy = was_busy or bool(going)
            self._told &= going.keys()
            new = [
                seen
                for key, seen in going.items()
                if key not in self._told and now_ns - seen.started_ns >= AGE_NS
            ]
            if new:
                await self._tell(new[:_BATCH])
        return was_busy

    async def _tell(self, new: list[SlotSnapshot]) -> None:
        context = self._context
        blobs = await context.execute(context.commands.get_records([seen.run_id for seen in new]))
        runs = []
        for seen, blob in zip(new, blobs, strict=True):
            record = readable_record(seen.run_id, blob)
            if record is None or is_internal(record.spec.task):
                continue
            if len(record.attempts) + 1 == seen.attempt:  # else that attempt is over
                at = wall_of_ns(seen.started_ns)
                task = record.spec.task
                runs.append(RunStart(seen.exec_id, seen.run_id, task, seen.attempt, at, len(blob)))
        if runs:
            await context.execute(context.commands.tell_started(context.config.node, runs))
        self._told.update((seen.run_id, seen.attempt) for seen in new)
