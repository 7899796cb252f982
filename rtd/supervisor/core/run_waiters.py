"""Who waits for which runs. Redis rings only for runs that somebody waits for."""

import asyncio
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TypeVar

from rtd.common.errors import StoreGone
from rtd.model.run_states import BY_CHAR, TERMINAL
from rtd.supervisor.core.context import Core

#: Runs looked at in one round trip.
CHUNK = 1000
Item = TypeVar("Item")


class Watch:
    """The runs that one waiter waits for. Use it as an async context manager.

    Attributes:
        pending: those that have not ended; a run that does not exist is not among them.
    """

    def __init__(self, waiters: "Waiters", ids: Sequence[str]) -> None:
        self._waiters = waiters
        self.pending = set(ids)
        self._changed = asyncio.Event()

    async def __aenter__(self) -> "Watch":
        await self._waiters.add(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._waiters.remove(self)

    def ended(self, run_id: str) -> None:
        """One of the runs is over."""
        self.pending.discard(run_id)
        self._changed.set()

    async def change(self, timeout_s: float | None) -> bool:
        """Wait until another of the runs ends. False when the time ran out first."""
        try:
            await asyncio.wait_for(self._changed.wait(), timeout_s)
        except TimeoutError:
            return False
        self._changed.clear()
        return True


class Waiters:
    """All watches of this supervisor."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._by_id: dict[str, set[Watch]] = {}

    def watch(self, ids: Sequence[str]) -> Watch:
        """Watch runs: `async with waiters.watch(ids) as watch:`."""
        return Watch(self, ids)

    def rung(self, run_id: str) -> None:
        """Redis said that a run has ended."""
        for watch in self._by_id.pop(run_id, ()):
            watch.ended(run_id)

    async def add(self, watch: Watch) -> None:
        """Ask Redis to ring for the runs, then look which are over already."""
        for run_id in watch.pending:
            self._by_id.setdefault(run_id, set()).add(watch)
        try:
            await self._look(list(watch.pending))
        except BaseException:
            self._forget(watch)
            raise

    async def remove(self, watch: Watch) -> None:
        """The watch is over; what nobody else waits for needs no ring any more."""
        unwanted = self._forget(watch)
        try:
            for chunk in chunks(unwanted):
                await self._core.ask(self._core.calls.stop_waiting(chunk))
        except StoreGone:
            pass  # cleared at the next start; a ring for nobody does no harm

    async def look_again(self) -> None:
        """After Redis was away: rings may have been lost, so ask and look anew."""
        await self._look(list(self._by_id))

    async def _look(self, ids: list[str]) -> None:
        calls = self._core.calls
        for chunk in chunks(ids):
            _, records = await self._core.redis.call(calls.wait_for(chunk), calls.get_many(chunk))
            for run_id, record in zip(chunk, records, strict=True):
                if record is None or BY_CHAR[chr(record[0])] in TERMINAL:
                    self.rung(run_id)

    def _forget(self, watch: Watch) -> list[str]:
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
