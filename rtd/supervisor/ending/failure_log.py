"""Says in the log which runs have ended without success: a line for each, and few lines in a storm.

The scripts that end runs keep the first ids and the counts of all, and ring for the first: a
thousand failures at once cost as much as one.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from rtd.common.errors import StoreGone
from rtd.common.format_units import format_count, format_duration, shown_state
from rtd.model.run_record import RunEnd, RunRecord
from rtd.model.run_states import STATE_BY_CHAR, STATE_CHAR
from rtd.store.commands.ended_runs import UnloggedEnds
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.jobs import SingleFlight
from rtd.supervisor.core.log import log

#: In so many seconds there are at most so many lines about single runs, then one about the others.
WINDOW_S: Final = 10.0
LINES: Final = 10
_WHY_CHARS: Final = 300


class FailureLog:
    """The lines in the log about runs of this node that have ended without success.

    Args:
        context: what the parts of the supervisor share.
    """

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._ends_s = 0.0
        self._lines = 0
        self._others: Counter[str] = Counter()
        self._taking = asyncio.Lock()
        self._writer = SingleFlight(context.jobs, "logging failures", self._write)

    def on_notification(self, _rest: str) -> None:
        """Write about the runs that have ended."""
        self._writer.request()

    def resync(self) -> None:
        """Write about those whose notifications are lost."""
        self._writer.request()

    async def finish(self) -> None:
        """Write about all that are left, at the end of the daemon."""
        self._begin_window()
        with contextlib.suppress(StoreGone):
            await self._take()
        self._say_others()

    def _begin_window(self) -> None:
        now_s = time.monotonic()
        if now_s >= self._ends_s:
            self._ends_s, self._lines = now_s + WINDOW_S, 0

    async def _write(self) -> None:
        self._begin_window()
        with contextlib.suppress(StoreGone):  # `resync` comes when it is back
            await self._take()
        if self._lines < LINES and not self._others:
            return
        await asyncio.sleep(self._ends_s - time.monotonic())
        self._lines = LINES
        with contextlib.suppress(StoreGone):
            await self._take()
        self._say_others()

    async def _take(self) -> None:
        """Take what Redis has: say the first ones, as many as lines are left; count the others."""
        calls, node = self._context.commands, self._context.config.node
        async with self._taking:
            found: UnloggedEnds = await self._context.execute(calls.take_unlogged(node))
            others = Counter(found.counts)
            ids = found.ids[: LINES - self._lines]
            blobs = await self._read(ids)
            for run_id, blob in zip(ids, blobs, strict=True):
                record = readable_record(run_id, blob)
                if record is not None and record.end is not None:
                    self._say(record, record.end)
                    others[STATE_CHAR[record.state]] -= 1
            self._others += others

    async def _read(self, ids: Sequence[str]) -> Sequence[bytes | None]:
        """Return the records of runs; None for one that is gone already."""
        if ids:
            with contextlib.suppress(StoreGone):
                found: list[bytes | None] = await self._context.execute(
                    self._context.commands.get_records(ids)
                )
                return found
        return [None] * len(ids)

    def _say(self, record: RunRecord, end: RunEnd) -> None:
        last = record.attempts[-1] if record.attempts else None
        self._lines += 1
        took = "" if last is None else f" after {format_duration(end.ended_at - last.started_at)}"
        state, why = shown_state(str(record.state), end.by), end.why or "it says nothing of it"
        why = why if len(why) <= _WHY_CHARS else why[: _WHY_CHARS - 3] + "..."
        spec = record.spec
        log.warning("run %s (%s) ended: %s%s: %s", spec.id, spec.task, state, took, why)

    def _say_others(self) -> None:
        others, self._others = self._others, Counter()
        total = others.total()
        if total:
            counts = ", ".join(
                f"{STATE_BY_CHAR[char]} {count:,}" for char, count in others.most_common()
            )
            log.warning("and %s ended without success: %s", format_count(total, "more run"), counts)
