"""The executors that this daemon knows, by id and by slot of the board."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rtd.common.ids import to_words
from rtd.process.board.slot import SlotSnapshot
from rtd.process.tree.terminate import CRASH_SIGNALS, signal_name
from rtd.protocol.zygote_messages import ExitReport
from rtd.supervisor.core.jobs import ChangeSignal


class ExecutorPhase(StrEnum):
    """The phase of an executor's life, as far as the supervisor knows."""

    LIVE = "live"
    RETIRING = "retiring"
    KILLED = "killed"


@dataclass(slots=True)
class ExecutorEntry:
    """One executor process of one zygote."""

    id: str
    lane: str
    pid: int
    ticks: int
    slot: int
    slots: int
    generation: int
    born_ns: int
    phase: ExecutorPhase = ExecutorPhase.LIVE
    #: Why it was killed or retired, for the log and the records of its runs.
    why: str = ""
    #: It is a spare of the fresh lane: its zygote replaces it by itself.
    is_spare: bool = False
    #: The executor takes only runs of lanes with this suffix; used for shutdown tasks.
    lane_suffix: str = ""

    def owns(self, slot: int) -> bool:
        """Return whether a slot of the board belongs to this executor."""
        return self.slot <= slot < self.slot + self.slots


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run that an executor had not finished when it ended."""

    slot: int
    run: str
    started_ns: int


@dataclass(frozen=True, slots=True)
class ExecutorExit:
    """The end of an executor, as its zygote reports it.

    Attributes:
        killed: every process that was ended with it, `[pid, name, how]`.
        runs: the runs that it had not finished.
        slots_read: its slots on the board were read after its end, so `runs` is all that it
            had begun. False: any run that it held may have begun.
        node: the one that it was on; empty: this one.
        dead_zygote: the pid of its zygote, which died first; 0: that did not.
        why: the reason if rtd has ended it by force, else empty.
    """

    exec_id: str
    lane: str
    pid: int
    code: int | None = None
    signal: int | None = None
    cpu_s: float = 0.0
    max_rss_bytes: int = 0
    killed: list[list[Any]] = field(default_factory=list)
    runs: tuple[UnfinishedRun, ...] = ()
    slot: int = 0
    slots_read: bool = True
    node: str = ""
    dead_zygote: int = 0
    why: str = ""

    @property
    def is_self_inflicted(self) -> bool:
        """Whether it ended itself, by an exit or a crash; as far as is known, it was not killed."""
        if self.signal is None:
            return self.code is not None
        return signal_name(self.signal) in CRASH_SIGNALS | {"SIGABRT"}

    @classmethod
    def from_report(cls, report: ExitReport) -> "ExecutorExit":
        """Return the exit that a zygote has reported."""
        return cls(
            exec_id=report.exec_id,
            lane=report.lane,
            pid=report.pid,
            code=report.code,
            signal=report.signal,
            cpu_s=report.cpu_s,
            max_rss_bytes=report.max_rss_bytes,
            killed=[list(ended) for ended in (*report.killed, *report.strays)],
            runs=tuple(UnfinishedRun(on.slot, on.run_id, on.started_ns) for on in report.runs),
            slot=report.slot,
        )


class ExecutorRegistry:
    """All executors. Only the messages `born`, `hello` and `gone` of zygotes change it.

    Attributes:
        changes: an executor has come, gone or been replaced, or a zygote has ended.
    """

    def __init__(self) -> None:
        self.changes = ChangeSignal()
        self._by_id: dict[str, ExecutorEntry] = {}
        self._by_slot: dict[int, ExecutorEntry] = {}
        #: The id of the executor of each slot, as the board holds it.
        self._words: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[ExecutorEntry]:
        return iter(list(self._by_id.values()))

    def __contains__(self, exec_id: object) -> bool:
        return exec_id in self._by_id

    def get(self, exec_id: str) -> ExecutorEntry | None:
        """Return the executor of that id, or None."""
        return self._by_id.get(exec_id)

    def at_slot(self, slot: int) -> ExecutorEntry | None:
        """Return the executor that owns a slot of the board, or None."""
        return self._by_slot.get(slot)

    def has_slot(self, seen: SlotSnapshot) -> bool:
        """Whether a slot of the board shows an executor that owns it. Any process that has mapped
        the board may have written there what it likes."""
        return self._words.get(seen.slot) == seen.exec_words

    def add(self, executor: ExecutorEntry) -> None:
        """Add an executor; it replaces one of the same id."""
        self.remove(executor.id)
        words = to_words(executor.id)
        self._by_id[executor.id] = executor
        for slot in range(executor.slot, executor.slot + executor.slots):
            self._by_slot[slot] = executor
            self._words[slot] = words
        self.changes.notify()

    def remove(self, exec_id: str) -> ExecutorEntry | None:
        """Remove an executor. Returns it, or None: it was not known."""
        executor = self._by_id.pop(exec_id, None)
        if executor is not None:
            for slot in range(executor.slot, executor.slot + executor.slots):
                if self._by_slot.get(slot) is executor:
                    del self._by_slot[slot]
                    del self._words[slot]
            self.changes.notify()
        return executor

    def of_lane(self, lane: str) -> list[ExecutorEntry]:
        """Return all executors of a lane, the oldest first."""
        return [e for e in self._by_id.values() if e.lane == lane]

    def of_generation(self, generation: int) -> list[ExecutorEntry]:
        """Return all executors of one zygote, the oldest first."""
        return [e for e in self._by_id.values() if e.generation == generation]
