"""Where runs are on the board: found by their ids, and watched until they leave."""

import asyncio
import time
from typing import Final

from rtd.common.ids import to_words
from rtd.process.board.board import SlotSnapshot
from rtd.process.board.slot import FLAG_BLOCKED
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.retry import Backoff
from rtd.supervisor.core.stop_request import Stop

#: The waits between two looks at runs that are being stopped: the first and the longest.
FIRST_POLL_S: Final = 0.001
MAX_POLL_S: Final = 0.02
#: Looks at the board take at most one part in so many of the time.
SHARE: Final = 10


class RunSlots:
    """The slots of the runs that go on.

    Thousands of runs may be stopped at once. So one scan of the board answers for all of them, and
    one timer watches all of them.
    """

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._board = context.board
        self._by_run: dict[tuple[int, int], int] = {}
        self._fresh_until_s = 0.0
        self._leaving: dict[asyncio.Future[bool], tuple[int, int, Stop]] = {}
        self._pause = Backoff(FIRST_POLL_S, MAX_POLL_S)
        self._timer: asyncio.TimerHandle | None = None

    def find(self, run_id: str) -> SlotSnapshot | None:
        """Return the slot that a run is on now.

        One that began just now, while thousands go on, may be missed for some milliseconds.
        """
        words = to_words(run_id)
        seen = self._read(words)
        if seen is None and time.monotonic() >= self._fresh_until_s:
            self._scan()
            seen = self._read(words)
        return seen

    def _read(self, words: tuple[int, int]) -> SlotSnapshot | None:
        slot = self._by_run.get(words)
        seen = None if slot is None else self._board.read_slot(slot)
        if seen is None or not seen.running or seen.run_words != words:
            return None
        return seen if self._context.executors.has_slot(seen) else None

    def _scan(self) -> None:
        began_s = time.monotonic()
        self._by_run = self._board.running()
        ended_s = time.monotonic()
        self._fresh_until_s = ended_s + (SHARE - 1) * (ended_s - began_s)

    def is_on(self, run_id: str, seen: SlotSnapshot) -> bool:
        """Whether the same attempt of a run is still on a slot."""
        now = self._board.read_slot(seen.slot)
        if now is None or not now.running:
            return False
        return (now.run_words, now.attempt, now.exec_words) == (
            to_words(run_id), seen.attempt, seen.exec_words
        )  # fmt: skip

    def is_blocked(self, seen: SlotSnapshot) -> bool:
        """Whether the run on a slot must stop, and the event loop of its process does not go on."""
        now = self._board.read_slot(seen.slot)
        return now is not None and now.flags & FLAG_BLOCKED != 0

    async def wait_left(self, stop: Stop, seen: SlotSnapshot) -> bool:
        """Wait until a run has left its slot. Return False if its grace ended first."""
        sequence = self._board.sequence(seen.slot)
        if not self.is_on(stop.run_id, seen):
            return True
        left: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._leaving[left] = (seen.slot, sequence, stop)
        self._pause.reset()
        self._arm(self._pause.next_s())
        try:
            return await left
        finally:
            del self._leaving[left]

    def _arm(self, wait_s: float) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + wait_s:
                return
            self._timer.cancel()
        self._timer = loop.call_later(wait_s, self._check)

    def _check(self) -> None:
        self._timer = None
        began_s = time.monotonic()
        is_waiting = False
        for left, (slot, sequence, stop) in self._leaving.items():
            if left.done():
                continue
            if self._board.sequence(slot) != sequence:
                left.set_result(True)
            elif began_s >= stop.until:
                left.set_result(False)
            else:
                is_waiting = True
        if is_waiting:
            cost_s = time.monotonic() - began_s
            self._arm(max(self._pause.next_s(), SHARE * cost_s))
