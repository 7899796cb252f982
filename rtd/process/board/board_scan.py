"""Reads all slots of the board at once: a column of words of thousands of slots in C."""

from collections.abc import Iterator
from typing import Final

from rtd.process.board.board_file import RANGE_SLOTS, RANGES, RESERVED_AT
from rtd.process.board.slot import PID, RUN_HI, RUN_LO, SEQ, WORDS, SlotSnapshot

#: No process of Linux has a greater number.
PID_MAX: Final = 1 << 22


def busy_slots(words: memoryview) -> list[SlotSnapshot]:
    """Return the slots with a run on them, whose words belong together."""
    seen = []
    for lo, hi in _reserved(words):
        for slot, seq in enumerate(_column(words, SEQ, lo, hi), lo):
            if seq & 1:
                base = (slot + 1) * WORDS
                row = words[base : base + WORDS].tolist()
                if row[SEQ] == seq == words[base] and 0 < row[PID] <= PID_MAX:
                    seen.append(SlotSnapshot.from_row(slot, row, running=True))
    return seen


def run_places(words: memoryview) -> dict[tuple[int, int], int]:
    """Return the slot of each run that goes on, by the words of its id."""
    found: dict[tuple[int, int], int] = {}
    for lo, hi in _reserved(words):
        columns = [_column(words, at, lo, hi) for at in (SEQ, RUN_HI, RUN_LO)]
        rows = enumerate(zip(*columns, strict=True), lo)
        found.update(((high, low), slot) for slot, (seq, high, low) in rows if seq & 1)
    return found


def owned(words: memoryview) -> list[int]:
    """Return the slots that have an owner."""
    return [
        slot
        for lo, hi in _reserved(words)
        for slot, pid in enumerate(_column(words, PID, lo, hi), lo)
        if pid
    ]


def _column(words: memoryview, at: int, lo: int, hi: int) -> list[int]:
    """Return one word of each slot of [lo, hi)."""
    return words[(lo + 1) * WORDS + at : (hi + 1) * WORDS : WORDS].tolist()


def _reserved(words: memoryview) -> Iterator[tuple[int, int]]:
    """Yield the slots of each range that have room in the file, as [lo, hi)."""
    for number, count in enumerate(words[RESERVED_AT : RESERVED_AT + RANGES].tolist()):
        if count:
            lo = number * RANGE_SLOTS
            yield lo, lo + min(count, RANGE_SLOTS)
