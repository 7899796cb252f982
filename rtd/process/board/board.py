"""The board: shared memory in which each executor shows what it is doing.

A file that all processes of rtd map: 128 bytes of header, slots of 128 bytes, and for each range of
slots how many of them have room in the file, all 64-bit words in the machine's own order. An
executor writes its slot around each run, which takes about a microsecond; the supervisor reads all
slots in well under a millisecond, enforces deadlines from them, and finds them again after a
crash. No message is sent per run.

A slot's SEQ is odd while a run is on it. Writing order: the run's words, then SEQ to odd;
at the end only SEQ to even. A reader takes SEQ, the words, SEQ again, and believes them when
both are the same odd number. An executor killed in a run leaves an odd SEQ: it was running.

Every store is one aligned 8-byte word through `memoryview.cast("Q")`. Not `struct.pack_into`:
it clears its target before it writes, and other processes see those zeros.

Who writes what: the zygote the owner's words when it hands a slot out, STOP and RETIRE; the
executor the words of its run. So a word has one writer at a time and needs no lock. Readers
must see stores in order (x86-64, and in practice anywhere two interpreter steps lie between).
"""

import mmap
from array import array
from contextlib import suppress
from pathlib import Path

from rtd.common.stdlib.originals import os
from rtd.model.lanes import find_lane
from rtd.process.board import board_file, board_scan
from rtd.process.board.board_file import RANGE_SLOTS, SLOTS
from rtd.process.board.slot import (
    FLAG_SAMPLE,
    NEXT_SCAN,
    PID,
    RETIRE,
    RETIRE_WORD,
    SEQ,
    SERVING,
    STOP,
    TICKS,
    WORDS,
    Slot,
    SlotSnapshot,
)
from rtd.process.board.wakeup_fifo import WakeupFifo

__all__ = ["FLAG_SAMPLE", "RANGE_SLOTS", "RETIRE_WORD", "SLOTS", "Board", "Slot", "SlotSnapshot"]


class Board:
    """The mapped file. `create` is for the supervisor, `open` for all others.

    Args:
        path: the file. The bell, a FIFO, lies beside it as `NAME.bell`.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            status = os.fstat(fd)
            if status.st_size != board_file.BYTES:
                raise board_file.foreign(path)
            self._place = status.st_dev, status.st_ino
            self._map = mmap.mmap(fd, board_file.BYTES)
        finally:
            os.close(fd)
        self.words = memoryview(self._map).cast("Q")
        if (
            self.words[board_file.MAGIC_AT] != board_file.MAGIC
            or self.words[board_file.VERSION_AT] != board_file.VERSION
        ):
            raise board_file.foreign(path)
        self.wakeup_fifo = WakeupFifo(_fifo_path(path))

    @classmethod
    def create(cls, path: Path) -> "Board":
        """Open the board at `path`, or make a new one if there is none of this boot.

        A living executor's slot survives, so a new supervisor finds all runs. A board of
        another boot or version is replaced by renaming, never by cutting a file that a
        process may have mapped. Raises OSError, which names the file: it has no room.
        """
        for file in (path, _fifo_path(path)):  # links to descriptors of an earlier supervisor
            if file.is_symlink():
                file.unlink()
        board_file.prepare(path)
        return cls(path)

    def remove(self) -> None:
        """Delete the file and its FIFO. Only when no process is left that writes to them."""
        self.path.unlink(missing_ok=True)
        self.wakeup_fifo.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmap. Slots made from this board must be gone, or they keep it mapped."""
        self.wakeup_fifo.close()
        self.words.release()
        with suppress(BufferError):  # a Slot still views it: the mapping ends with the slot
            self._map.close()

    def slot(self, index: int) -> Slot:
        """Return the writer's side of a slot, for its owner only."""
        return Slot(self.words, self.wakeup_fifo, index)

    # -- the supervisor ---------------------------------------------------------------------

    def set_supervisor(self, pid: int, ticks: int) -> None:
        """Write down the process of the supervisor."""
        self.words[board_file.PID_AT] = pid
        self.words[board_file.TICKS_AT] = ticks

    @property
    def supervisor(self) -> tuple[int, int]:
        """(pid, start ticks) of the last supervisor; zeros before the first."""
        return self.words[board_file.PID_AT], self.words[board_file.TICKS_AT]

    def set_next_scan(self, at_ns: int) -> None:
        """Promise to scan at this monotonic time at the latest; 0: wake me for everything.

        To miss nothing: set 0, scan, then set the time.
        """
        self.words[NEXT_SCAN] = at_ns

    def set_serving_generation(self, generation: int) -> None:
        """Set the generation that new runs are for, before the first of them can be submitted."""
        self.words[SERVING] = generation

    def scan(self) -> list[SlotSnapshot]:
        """Return the slots with a run on them now.

        Takes time for each busy slot, hardly any for the others. A run that ends or begins while
        it is read is left out.
        """
        return board_scan.busy_slots(self.words)

    def running(self) -> dict[tuple[int, int], int]:
        """Return the slot of each run that goes on, by the words of its id. Much faster than `scan`
        where thousands go on; `read_slot` says whether it still is so."""
        return board_scan.run_places(self.words)

    def owned_slots(self) -> list[SlotSnapshot]:
        """Return the slots that belong to an executor, alive or not, busy or not."""
        taken = board_scan.owned(self.words)
        return [seen for slot in taken if (seen := self.read_slot(slot)) is not None]

    def read_slot(self, slot: int) -> SlotSnapshot | None:
        """Return the words of a slot; None when it has no owner.

        The run's words belong to `run_id` only when `running`. Reads a slot that changes
        meanwhile again, and after some tries reports it as not running: its run ended.
        """
        base = (slot + 1) * WORDS
        row = self.words[base : base + WORDS].tolist()
        stable = False
        for _ in range(8):
            stable = self.words[base + SEQ] == row[SEQ]
            if stable:
                break
            row = self.words[base : base + WORDS].tolist()
        if not 0 < row[PID] <= board_scan.PID_MAX:
            return None
        return SlotSnapshot.from_row(slot, row, running=stable and row[SEQ] & 1 == 1)

    # -- the zygote -------------------------------------------------------------------------

    def reserved_end(self, slot: int) -> int:
        """Return the first slot that has no room in the file yet, of the range of a slot."""
        number = slot // RANGE_SLOTS
        return number * RANGE_SLOTS + self.words[board_file.RESERVED_AT + number]

    def reserve(self, end: int) -> None:
        """Give the slots before `end` room in the file, from the start of the range on.

        Raises:
            OSError: the disk is full; or the file was removed.
        """
        number = (end - 1) // RANGE_SLOTS
        count = end - number * RANGE_SLOTS
        if count > self.words[board_file.RESERVED_AT + number]:
            self.words[board_file.RESERVED_AT + number] = board_file.make_room(
                self.path, self._place, number, count
            )

    def allocate_slot(self, slot: int, exec_hi: int, exec_lo: int, lane: str) -> None:
        """Make a slot ready for a new executor; `set_owner` follows when it has a pid."""
        base = (slot + 1) * WORDS
        seq = (self.words[base + SEQ] + 1) & ~1
        self.words[base : base + WORDS] = array(
            "Q", [seq, 0, 0, exec_hi, exec_lo, *[0] * 9, find_lane(lane).number, 0]
        )

    def set_owner(self, slot: int, pid: int, ticks: int) -> None:
        """Write the owner's identity; PID last, as it makes the slot owned."""
        base = (slot + 1) * WORDS
        self.words[base + TICKS] = ticks
        self.words[base + PID] = pid

    def owner(self, slot: int) -> tuple[int, int]:
        """(pid, start ticks) of a slot's executor; zeros when it is free."""
        base = (slot + 1) * WORDS
        return self.words[base + PID], self.words[base + TICKS]

    def sequence(self, slot: int) -> int:
        """Return a number that grows with each begin and end: the same later means nothing ran."""
        return self.words[(slot + 1) * WORDS + SEQ]

    def release_slot(self, slot: int) -> None:
        """Free a slot whose owner has ended; read it before."""
        base = (slot + 1) * WORDS
        self.words[base + PID] = 0
        self.words[base + SEQ] = (self.words[base + SEQ] + 1) & ~1

    def set_stop(self, slot: int, run_lo: int) -> None:
        """Name the run that must stop, by the low 64 bits of its id."""
        self.words[(slot + 1) * WORDS + STOP] = run_lo

    def set_retire(self, slot: int) -> None:
        """Tell the owner to take no more runs. Does not undo a stop."""
        self.words[(slot + 1) * WORDS + RETIRE] = RETIRE_WORD


def _fifo_path(path: Path) -> Path:
    return path.with_name(path.name + ".bell")
