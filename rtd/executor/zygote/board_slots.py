"""The slots of the board that a zygote hands out to its executors."""

from bisect import insort

from rtd.common.errors import RtdError
from rtd.common.format_units import format_count
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
        #: Those of executors of this zygote, in the order of their slots.
        self._taken: list[range] = []

    def allocate(self, count: int, exec_id: str, lane: str) -> range:
        """Return slots in a row, ready for an executor that is about to be forked.

        Raises:
            NoFreeSlots: so many free slots are nowhere in a row, or the disk has no room for them.
            ValueError: there is no such lane.
        """
        first = self._find(count)
        try:
            self._board.reserve(first + count)
        except OSError as error:
            raise NoFreeSlots(f"{self._board.path} cannot grow: {error.strerror}") from None
        slots = range(first, first + count)
        for slot in slots:
            self._board.allocate_slot(slot, *to_words(exec_id), lane)
        return slots

    def take(self, slots: range, pid: int) -> int:
        """Write down the executor that has these slots. Returns the start ticks of its process."""
        ticks = self._set_owner(slots, pid)
        insort(self._taken, slots, key=_first)
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
        self._taken.remove(slots)
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
        """Return the first of so many free slots in a row."""
        first = self._lo
        for taken in [*self._taken, range(self._hi, self._hi)]:
            while first + count <= taken.start:
                # An executor of a zygote that died may still live on a slot of this range.
                other = self._last_living(first, first + count)
                if other is None:
                    return first
                first = other + 1
            first = max(first, taken.stop)
        raise NoFreeSlots(
            f"the board has no {format_count(count, 'free slot')} in {self._lo}:{self._hi}"
        )

    def _last_living(self, first: int, end: int) -> int | None:
        """Return the last of these slots whose executor lives; None: all are free."""
        for slot in range(min(end, self._board.reserved_end(self._lo)) - 1, first - 1, -1):
            pid, ticks = self._board.owner(slot)
            if pid and same_process(pid, ticks):
                return slot
        return None


def _first(slots: range) -> int:
    return slots.start
