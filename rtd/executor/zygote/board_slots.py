"""The slots of the board that a zygote hands out to its executors."""

from rtd.common.errors import RtdError
from rtd.common.ids import to_words
from rtd.common.stdlib.originals import os
from rtd.process.board.board import Board, Slot
from rtd.process.tree.process_identity import same_process, start_ticks
from rtd.protocol.zygote_messages import ActiveRunReport


class NoFreeSlots(RtdError):
    """All slots of the board that this zygote may hand out are taken."""

    code = "internal"


class BoardSlots:
    """A range of slots.

    Args:
        slots: (lo, hi): [lo, hi) belong to this zygote.
    """

    def __init__(self, board: Board, slots: tuple[int, int]) -> None:
        self._board = board
        self._lo, self._hi = slots
        self._taken: set[int] = set()

    def allocate(self, count: int, exec_id: str, lane: str) -> range:
        """Return slots in a row, ready for an executor that is about to be forked.

        Raises:
            NoFreeSlots: so many free slots are nowhere in a row.
            ValueError: there is no such lane.
        """
        first = self._find(count)
        slots = range(first, first + count)
        for slot in slots:
            self._board.allocate_slot(slot, *to_words(exec_id), lane)
        return slots

    def take(self, slots: range, pid: int) -> int:
        """Write down the executor that has these slots. Returns the start ticks of its process."""
        ticks = self._set_owner(slots, pid)
        self._taken.update(slots)
        return ticks

    def take_in_child(self, slots: range) -> list[Slot]:
        """Return the slots of this process. It writes itself down, since its first run may
        start before the zygote gets to that."""
        own = [self._board.slot(slot) for slot in slots]
        self._set_owner(slots, os.getpid())
        return own

    def release(self, slots: range) -> tuple[ActiveRunReport, ...]:
        """Free the slots of an executor that has ended. Returns what was going on in it."""
        runs = []
        for slot in slots:
            seen = self._board.read_slot(slot)
            if seen is not None and seen.running:
                runs.append(ActiveRunReport(slot, seen.run_id, seen.attempt, seen.started_ns))
            self._board.release_slot(slot)
        self._taken.difference_update(slots)
        return tuple(runs)

    def sequence(self, slots: range) -> int:
        """Return a number that changes when a run starts on the first of the slots."""
        return self._board.sequence(slots[0])

    def set_stop(self, slot: int, run_lo: int) -> None:
        """Name the run of a slot that must stop, by the low 64 bits of its id."""
        self._board.set_stop(slot, run_lo)

    def set_retire(self, slots: range) -> None:
        """Tell the owner of the slots to take no more runs."""
        for slot in slots:
            self._board.set_retire(slot)

    def _set_owner(self, slots: range, pid: int) -> int:
        ticks = start_ticks(pid) or 0
        for slot in slots:
            self._board.set_owner(slot, pid, ticks)
        return ticks

    def _find(self, count: int) -> int:
        free = 0
        for slot in range(self._lo, self._hi):
            free = free + 1 if self._is_free(slot) else 0
            if free == count:
                return slot - count + 1
        raise NoFreeSlots(f"the board has no {count} free slots in {self._lo}:{self._hi}")

    def _is_free(self, slot: int) -> bool:
        if slot in self._taken:
            return False
        # An executor of a zygote that died may still live on a slot of this range.
        pid, ticks = self._board.owner(slot)
        return pid == 0 or not same_process(pid, ticks)
