"""Waiting for the end of runs. Redis sends a notification only for runs that a watch waits for."""

import asyncio
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TypeVar

from rtd.common.errors import StoreGone
from rtd.model.run_states import STATE_BY_CHAR, TERMINAL, RunState
from rtd.supervisor.core.context import SupervisorContext

#: Runs that are read in one round trip.
CHUNK = 1000
_LIVE = frozenset(RunState) - TERMINAL
#: All that a state can be; `-` stands for a run that is not there.
_CHARS = STATE_BY_CHAR.keys() | {"-"}
#: Waiting runs among which those are sought whose records cannot be read.
_MAX_WAITING = 10_000
Item = TypeVar("Item")


class RunWatch:
    """The runs that one caller waits for. Use it as an async context manager.

    Attributes:
        pending: the runs that have not ended; a run that does not exist is not among them.
    """

    def __init__(self, waiters: "RunWaiters", ids: Sequence[str]) -> None:
        self._waiters = waiters
        self.pending = set(ids)
        self._ended: list[str] = []
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
        """Note that one of the runs has ended."""
        self.pending.discard(run_id)
        self._ended.append(run_id)
        self._changed.set()

    @property
    def has_ended(self) -> bool:
        """Whether runs have ended since the last `take_ended`."""
        return bool(self._ended)

    def take_ended(self) -> list[str]:
        """Return the runs that have ended since the last call."""
        ended, self._ended = self._ended, []
        return ended

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
        """Tell all watches of a run that it has ended."""
        for watch in self._by_id.pop(run_id, ()):
            watch.on_run_end(run_id)

    async def add(self, watch: RunWatch) -> None:
        """Ask Redis for notifications of the runs, then check which have ended already."""
        for run_id in watch.pending:
            self._by_id.setdefault(run_id, set()).add(watch)
        try:
            await self._check(list(watch.pending))
        except BaseException:
            self._forget(watch)
            raise

    async def remove(self, watch: RunWatch) -> None:
        """End a watch; Redis stops notifying of runs that no other watch waits for."""
        unwanted = self._forget(watch)
        try:
            for chunk in chunks(unwanted):
                await self._context.execute(self._context.commands.unwatch_runs(chunk))
        except StoreGone:
            pass  # the next start clears it; a notification that no watch waits for does no harm

    async def resync(self) -> None:
        """Ask Redis again and check all runs: notifications may have been lost."""
        await self._check(list(self._by_id))

    async def _check(self, ids: list[str]) -> None:
        calls = self._context.commands
        for chunk in chunks(ids):
            _, states = await self._context.redis.execute_all(
                calls.watch_runs(chunk), calls.get_states(chunk)
            )
            # Where another program has written, the place of the run tells whether it goes on.
            going = await self._find_going() if set(states) - _CHARS else set()
            for run_id, char in zip(chunk, states, strict=True):
                is_live = STATE_BY_CHAR.get(char) in _LIVE or (
                    char not in _CHARS and run_id in going
                )
                if not is_live:
                    self.on_notification(run_id)

    async def _find_going(self) -> set[str]:
        """Return the runs that wait or that an executor has."""
        calls = self._context.commands
        leased, waiting = await self._context.redis.execute_all(
            calls.list_leased(), calls.list_waiting(_MAX_WAITING)
        )
        return {run.id for run in (*leased, *waiting)}

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
    """Cut ids, or other items, into pieces that one script or command takes."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
