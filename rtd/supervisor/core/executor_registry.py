"""Who is there: the executors that this daemon knows, by id and by slot of the board."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rtd.process.tree.terminate import CRASH_SIGNALS, signal_name
from rtd.protocol.zygote_messages import ExitReport
from rtd.supervisor.core.jobs import ChangeSignal


class ExecutorPhase(StrEnum):
    """Where an executor is in its life, as far as the supervisor knows."""

    LIVE = "live"
    RETIRING = "retiring"
    KILLED = "killed"


@dataclass(slots=True)
class Executor:
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
    #: Work that a zygote keeps at strength by itself (spares of the fresh lane).
    is_spare: bool = False
    #: It takes only runs whose lane has this behind its name: those of a daemon that ends.
    lane_suffix: str = ""

    def owns(self, slot: int) -> bool:
        """Whether a slot of the board belongs to it."""
        return self.slot <= slot < self.slot + self.slots


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run that was going on an executor when it ended."""

    slot: int
    run: str
    started_ns: int


@dataclass(frozen=True, slots=True)
class ExecutorExit:
    """The zygote's word on an executor that has ended.

    Attributes:
        killed: every process that was ended with it, `[pid, name, how]`.
        runs: what was going on in it.
        seen: its slots on the board were read after its end, so `runs` is all that it had
            begun. Without that nobody knows: any run that it held may have begun.
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

    @property
    def is_self_inflicted(self) -> bool:
        """It ended itself, by leaving or by a fault; as far as is known, nobody killed it."""
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
    """The registry. Only born, hello and gone change it.

    Attributes:
        changes: an executor has come, gone or been replaced, or a zygote has ended.
    """

    def __init__(self) -> None:
        self.changes = ChangeSignal()
        self._by_id: dict[str, Executor] = {}
        self._by_slot: dict[int, Executor] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Executor]:
        return iter(list(self._by_id.values()))

    def __contains__(self, exec_id: object) -> bool:
        return exec_id in self._by_id

    def get(self, exec_id: str) -> Executor | None:
        """The executor of that id, or None."""
        return self._by_id.get(exec_id)

    def at_slot(self, slot: int) -> Executor | None:
        """The executor that owns a slot of the board, or None."""
        return self._by_slot.get(slot)

    def add(self, executor: Executor) -> None:
        """Take an executor in, replacing what was known of the same id."""
        self.remove(executor.id)
        self._by_id[executor.id] = executor
        for slot in range(executor.slot, executor.slot + executor.slots):
            self._by_slot[slot] = executor
        self.changes.notify()

    def remove(self, exec_id: str) -> Executor | None:
        """Forget an executor. Returns what was known of it."""
        executor = self._by_id.pop(exec_id, None)
        if executor is not None:
            for slot in range(executor.slot, executor.slot + executor.slots):
                if self._by_slot.get(slot) is executor:
                    del self._by_slot[slot]
            self.changes.notify()
        return executor

    def of_lane(self, lane: str) -> list[Executor]:
        """All executors of a lane, oldest first."""
        return [e for e in self._by_id.values() if e.lane == lane]

    def of_generation(self, generation: int) -> list[Executor]:
        """All executors of one zygote, oldest first."""
        return [e for e in self._by_id.values() if e.generation == generation]
