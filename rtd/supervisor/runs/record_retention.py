"""Forgets records of finished runs that are older than the retention.

Redis could expire each key by itself, but then the end of a run took a third more time there. The
finished runs of a task stand in a list by age, so the oldest are at its end.
"""

import asyncio
import time
from typing import Final

from rtd.common.ids import time_of
from rtd.store.commands.arguments import StoredRun
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log

#: How often old records are searched; the retention is hours and days.
INTERVAL_S: Final = 60.0
#: Records that are read at once; few, so that Redis serves other clients in between.
CHUNK: Final = 200


class RecordRetention:
    """Forgets old records, a chunk at a time."""

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context

    async def run(self) -> None:
        """Check now and every minute, until cancelled."""
        while True:
            await self._context.retry(lambda: self.enforce(time.time()))
            await asyncio.sleep(INTERVAL_S)

    async def enforce(self, now_at: float) -> int:
        """Forget records that are too old. Returns how many. Raises StoreGone."""
        context = self._context
        before_at = now_at - context.config.retention_s
        total = 0
        for task in await context.execute(context.commands.tasks_done()):
            while True:
                deleted, more = await self._delete_oldest(task, before_at)
                total += deleted
                if not more:
                    break
        if total:
            log.info("forgot %d runs that ended more than the retention ago", total)
        return total

    async def _delete_oldest(self, task: str, before_at: float) -> tuple[int, bool]:
        """Return how many of a task's oldest runs were forgotten, and whether there may be more."""
        context = self._context
        found: list[StoredRun] = await context.execute(context.commands.oldest_done(task, CHUNK))
        old = 0
        for run in reversed(found):
            if not _is_old(run, before_at):
                break
            old += 1
        if not old:
            return 0, False
        last_id = found[-old].id
        deleted = await context.execute(
            context.commands.forget(context.config.node, task, old, last_id)
        )
        return deleted, deleted > 0 and old == CHUNK


def _is_old(run: StoredRun, before_at: float) -> bool:
    """Return whether a finished run is beyond the retention.

    If its record cannot be read, its id says when it was submitted. An id that was made from a key
    says nothing; then the run is old.
    """
    record = readable_record(run.id, run.record)
    if record is None:
        return not before_at <= time_of(run.id) <= time.time()
    return record.end is not None and record.end.ended_at < before_at
