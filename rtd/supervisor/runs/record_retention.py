"""Records of finished runs are forgotten when they are older than the retention.

Redis could expire each key by itself; that made the end of a run a third dearer there. The
finished runs of a task lie in a list by age, so what is due is found at its end.
"""

import asyncio
import time
from typing import Final

from rtd.common.errors import StoreGone
from rtd.model.run_record import decode
from rtd.store.commands.arguments import Leased
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.log import log

#: How often: the retention is hours and days.
LOOK_S: Final = 60.0
#: Records in one look at a list; small, so that others are served in between.
CHUNK: Final = 200


class Forgetting:
    """Forgets old records, a chunk at a time."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def keep(self) -> None:
        """Look now and every minute, until cancelled."""
        while True:
            try:
                await self.look(time.time())
            except StoreGone:
                await self._core.redis_back()
            await asyncio.sleep(LOOK_S)

    async def look(self, now_at: float) -> int:
        """Forget what is due. Gives how many records went. Raises StoreGone."""
        core = self._core
        before_at = now_at - core.config.retention_s
        total = 0
        for task in await core.ask(core.calls.tasks_done()):
            while True:
                gone, more = await self._look_at(task, before_at)
                total += gone
                if not more:
                    break
        if total:
            log.info("forgot %d runs that ended more than the retention ago", total)
        return total

    async def _look_at(self, task: str, before_at: float) -> tuple[int, bool]:
        """How many of a task's oldest runs went, and whether there may be more."""
        core = self._core
        found: list[Leased] = await core.ask(core.calls.oldest_done(task, CHUNK))
        old = 0
        for run in reversed(found):
            record = decode(run.record)
            if record.end is None or record.end.ended_at >= before_at:
                break
            old += 1
        if not old:
            return 0, False
        last_id = found[-old].id
        gone = await core.ask(core.calls.forget(core.config.node, task, old, last_id))
        return gone, gone > 0 and old == CHUNK
