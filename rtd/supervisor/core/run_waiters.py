"""Who waits for which runs. Redis rings only for runs that somebody waits for."""

import asyncio
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TypeVar

from rtd.common.errors import StoreGone
from rtd.model.run_states import STATE_BY_CHAR, TERMINAL
from rtd.supervisor.core.context import SupervisorContext

#: Runs looked at in one round trip.
CHUNK = 1000
Item = TypeVar("Item")


class RunWatch:
    """The runs that one waiter waits for. Use it as an async context manager.

    Attributes:
        pending: those that have not ended; a run that does not exist is not among them.
    """

    def __init__(self, waiters: "RunWaiters", ids: Sequence[str]) -> None:
        self._waiters = waiters
        self.pending = set(ids)
        self._changed = asyncio.Event()

    async def __aenter__(self) -> "RunWatch":
        await self._waiters.add(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._waiters.remove(self)

    def on_run_end(self, run_id: str) -> None:
        """One of the runs is over."""
        self.pending.discard(run_id)
        self._changed.set()

    async def wait_change(self, timeout_s: float | None) -> bool:
        """Wait until another of the runs ends. False when the time ran out first."""
        try:
            await asyncio.wait_for(self._changed.wait(), timeout_s)
        except TimeoutError:
            return False
        self._changed.clear()
        return True


class RunWaiters:
    """All watches of this supervisor."""

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._by_id: dict[str, set[RunWatch]] = {}

    def watch(self, ids: Sequence[str]) -> RunWatch:
        """Watch runs: `async with waiters.watch(ids) as watch:`."""
        return RunWatch(self, ids)

    def on_notification(self, run_id: str) -> None:
        """Redis said that a run has ended."""
        for watch in self._by_id.pop(run_id, ()):
            watch.on_run_end(run_id)

    async def add(self, watch: RunWatch) -> None:
        """Ask Redis to ring for the runs, then look which are over already."""
        for run_id in watch.pending:
            self._by_id.setdefault(run_id, set()).add(watch)
        try:
            await self._check(list(watch.pending))
        except BaseException:
            self._forget(watch)
            raise

    async def remove(self, watch: RunWatch) -> None:
        """The watch is over; what nobody else waits for needs no ring any more."""
        unwanted = self._forget(watch)
        try:
            for chunk in chunks(unwanted):
                await self._context.execute(self._context.commands.unwatch_runs(chunk))
        except StoreGone:
            pass  # cleared at the next start; a ring for nobody does no harm

    async def resync(self) -> None:
        """After Redis was away: rings may have been lost, so ask and look anew."""
        await self._check(list(self._by_id))

    async def _check(self, ids: list[str]) -> None:
        calls = self._context.commands
        for chunk in chunks(ids):
            _, records = await self._context.redis.execute_all(
                calls.watch_runs(chunk), calls.get_records(chunk)
            )
            for run_id, record in zip(chunk, records, strict=True):
                if record is None or STATE_BY_CHAR[chr(record[0])] in TERMINAL:
                    self.on_notification(run_id)

    def _forget(self, watch: RunWatch) -> list[str]:
        unwanted = []
        for run_id in watch.pending:
            watches = self._by_id.get(run_id)
            if watches is not None:
                watches.discard(watch)
                if not watches:
                    del self._by_id[run_id]
                    unwanted.append(run_id)
        return unwanted


def chunks(ids: Sequence[Item]) -> Iterable[Sequence[Item]]:
    """Ids, or the like, in pieces that one script or command takes."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
