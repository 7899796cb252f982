"""One slot of the board: its words, the executor's side of it, and the reader's.

`rtd.process.board.board` says how the words are written and read safely.
"""

from typing import Final, NamedTuple

from rtd.common.ids import from_words
from rtd.model.lanes import LANES
from rtd.process.board.wakeup_fifo import WakeupFifo

__all__ = ["FLAG_BLOCKED", "FLAG_SAMPLE", "RETIRE_WORD", "Slot", "SlotSnapshot"]

WORDS: Final = 16
#: Words of the board's header: the supervisor's promise to scan, and the generation that serves.
NEXT_SCAN: Final = 2
SERVING: Final = 6

# A slot's words.
SEQ, PID, TICKS, EXEC_HI, EXEC_LO, RUN_HI, RUN_LO, STARTED_NS = range(8)
DEADLINE_NS, FLAGS, MEMORY_LIMIT, CPU_LIMIT_NS, ATTEMPT, STOP, LANE, RETIRE = range(8, 16)

#: A bit of FLAGS: "sample my tree, I have limits".
FLAG_SAMPLE: Final = 1
#: Another: "I must stop, and the event loop that all runs of my process share does not go on".
FLAG_BLOCKED: Final = 2
#: The value of a STOP or RETIRE word that says: finish your run and take no more.
RETIRE_WORD: Final = (1 << 64) - 1
#: How soon a run with limits must be sampled for the first time.
SAMPLE_WITHIN_NS: Final = 200_000_000
_LANE_NAMES: Final = {lane.number: lane.name for lane in LANES}


class SlotSnapshot(NamedTuple):
    """The words of one slot at one moment. Ids are made into text only on demand."""

    slot: int
    running: bool
    pid: int
    ticks: int
    exec_words: tuple[int, int]
    run_words: tuple[int, int]
    started_ns: int
    deadline_ns: int
    flags: int
    memory_limit_bytes: int
    cpu_limit_ns: int
    attempt: int
    stop_word: int
    lane_number: int
    retire: bool

    @property
    def exec_id(self) -> str:
        """The id of the owner."""
        return from_words(*self.exec_words)

    @property
    def run_id(self) -> str:
        """The id of the run, or of the last run when none is going on."""
        return from_words(*self.run_words)

    @property
    def lane(self) -> str:
        """The lane of the owner."""
        return _LANE_NAMES.get(self.lane_number, "")

    @classmethod
    def from_row(cls, slot: int, row: list[int], *, running: bool) -> "SlotSnapshot":
        """Make one of the sixteen words of a slot."""
        return cls(
            slot,
            running,
            row[PID],
            row[TICKS],
            (row[EXEC_HI], row[EXEC_LO]),
            (row[RUN_HI], row[RUN_LO]),
            row[STARTED_NS],
            row[DEADLINE_NS],
            row[FLAGS],
            row[MEMORY_LIMIT],
            row[CPU_LIMIT_NS],
            row[ATTEMPT],
            row[STOP],
            row[LANE],
            row[RETIRE] != 0,
        )


class Slot:
    """The writer's side of one slot, for the runs of an executor. Not shared by threads.

    Args:
        words: the whole board.
        bell: wakes the supervisor.
        index: the number of the slot.
    """

    __slots__ = ("_header", "_seq", "_wakeup_fifo", "_words", "index")

    def __init__(self, words: memoryview, bell: WakeupFifo, index: int) -> None:
        first = (index + 1) * WORDS
        self.index = index
        self._header = words
        self._words = words[first : first + WORDS]
        self._wakeup_fifo = bell
        self._seq = self._words[SEQ]

    def begin(
        self,
        run_hi: int,
        run_lo: int,
        started_ns: int,
        deadline_ns: int = 0,
        flags: int = 0,
        memory_limit: int = 0,
        cpu_limit_ns: int = 0,
        attempt: int = 1,
    ) -> None:
        """Show that a run starts here.

        Wakes the supervisor when the run has a deadline or limits and the next scan would come
        too late for them.

        Args:
            run_hi, run_lo: the run's id as `rtd.common.ids.to_words` gives it.
            started_ns: monotonic nanoseconds. deadline_ns: the same clock; 0 is none.
            flags: FLAG_SAMPLE or 0.
            memory_limit: bytes, 0 is none. cpu_limit_ns: CPU time of the tree, 0 is none.
            attempt: which try of the run this is, from 1.
        """
        words = self._words
        words[RUN_HI] = run_hi
        words[RUN_LO] = run_lo
        words[STARTED_NS] = started_ns
        words[DEADLINE_NS] = deadline_ns
        words[FLAGS] = flags
        words[MEMORY_LIMIT] = memory_limit
        words[CPU_LIMIT_NS] = cpu_limit_ns
        words[ATTEMPT] = attempt
        if attempt > 1:
            words[STOP] = 0  # it was for the attempt before, which may have been on this slot
        self._seq = seq = self._seq | 1
        words[SEQ] = seq
        if deadline_ns or flags & FLAG_SAMPLE:
            self._wake_if_late(started_ns, deadline_ns, flags)

    def _wake_if_late(self, started_ns: int, deadline_ns: int, flags: int) -> None:
        due_ns = deadline_ns
        if flags & FLAG_SAMPLE:
            sample_ns = started_ns + SAMPLE_WITHIN_NS
            due_ns = min(deadline_ns, sample_ns) if deadline_ns else sample_ns
        next_scan_ns = self._header[NEXT_SCAN]
        if next_scan_ns == 0 or due_ns < next_scan_ns:
            self._wakeup_fifo.wake()

    def end(self) -> None:
        """Show that the run has ended. Harmless when there was none."""
        self._seq = seq = (self._seq + 1) & ~1
        self._words[SEQ] = seq

    def set_blocked(self, is_blocked: bool) -> None:
        """Show whether the event loop of the run has not gone on since it must stop."""
        flags = self._words[FLAGS] & ~FLAG_BLOCKED
        self._words[FLAGS] = flags | FLAG_BLOCKED if is_blocked else flags

    @property
    def board_words(self) -> memoryview:
        """The whole board."""
        return self._header

    @property
    def stop_word(self) -> int:
        """The low 64 bits of the run that must stop; RETIRE_WORD: take no more runs.

        A stop comes before a retirement. A stop names its run, so one for an earlier run
        means nothing.
        """
        words = self._words
        stop = words[STOP]
        if words[SEQ] & 1 and stop == words[RUN_LO]:
            return stop
        return RETIRE_WORD if words[RETIRE] else stop

    @property
    def retiring(self) -> bool:
        """Whether the owner must take no more runs."""
        return self._words[RETIRE] != 0

    @property
    def serving_generation(self) -> int:
        """The number of the generation that new runs are for; 0: not known yet."""
        return int(self._header[SERVING])
