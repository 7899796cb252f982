"""The executors of a zygote: forked, known by id and pid, and remembered until acknowledged."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rtd.common.errors import RtdError
from rtd.common.ids import new_id, to_words
from rtd.process.board.board import Board, Slot
from rtd.process.events.signals import SIGTERM
from rtd.process.fork.fork import fork_child, send_to_child, set_up_executor
from rtd.process.tree.exit_status import ExitStatus
from rtd.process.tree.kill_tree import EndedProcess
from rtd.process.tree.process_identity import same_process, start_ticks
from rtd.session.session import Session

__all__ = ["ExecutorMain", "ExecutorProcess", "ExecutorTable", "NoFreeSlots"]

#: `rtd.executor.executor.run_executor`: lane, executor id, slots, session, options -> exit code.
ExecutorMain = Callable[[str, str, list[Slot], Session | None, dict[str, Any]], int]


class NoFreeSlots(RtdError):
    """All slots of the board that this zygote may hand out are taken."""

    code = "internal"


@dataclass(slots=True)
class ExecutorProcess:
    """An executor that has not been reaped.

    Attributes:
        kept: forked by the zygote's own decision, for a lane that is kept at strength.
        apart: it takes only runs whose lane has this behind its name.
        leaving: it was told to retire, or is being killed: no failure of its lane.
        sequence: the first slot's, at birth; the same at death means that nothing ran.
    """

    exec_id: str
    lane: str
    first_slot: int
    slot_count: int
    pid: int
    ticks: int
    spare: bool
    sequence: int
    lane_suffix: str = ""
    born_s: float = field(default_factory=time.monotonic)
    leaving: bool = False

    def frame(self) -> dict[str, Any]:
        """As the supervisor is told of it."""
        return {
            "exec": self.exec_id,
            "slot": self.first_slot,
            "slots": self.slot_count,
            "pid": self.pid,
            "ticks": self.ticks,
            "lane": self.lane,
            "lane_suffix": self.lane_suffix,
        }


class ExecutorTable:
    """All living executors and the unacknowledged ends.

    Args:
        board: mapped. slots: (lo, hi): [lo, hi) are this zygote's to hand out.
        session: what executors carry out; None: shell commands only.
        main: what an executor does.
        leave: called first in the child: closes what only the zygote may have.
    """

    def __init__(
        self,
        board: Board,
        slots: tuple[int, int],
        session: Session | None,
        main: ExecutorMain,
        leave: Callable[[], None],
    ) -> None:
        self._board = board
        self._lo, self._hi = slots
        self._session = session
        self._main = main
        self._close_in_child = leave
        self._by_id: dict[str, ExecutorProcess] = {}
        self._by_pid: dict[int, ExecutorProcess] = {}
        self._taken: set[int] = set()
        self._exits: dict[str, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[ExecutorProcess]:
        return iter(list(self._by_id.values()))

    def get(self, exec_id: str) -> ExecutorProcess | None:
        """The living executor of that id."""
        return self._by_id.get(exec_id)

    def find_by_pid(self, pid: int) -> ExecutorProcess | None:
        """The living executor with that pid."""
        return self._by_pid.get(pid)

    @property
    def pids(self) -> set[int]:
        """The pids of all living executors: what a hunt must spare."""
        return set(self._by_pid)

    # -- births -----------------------------------------------------------------------------

    def fork(self, lane: str, options: Mapping[str, Any], kept: bool = False) -> ExecutorProcess:
        """Bring an executor to life.

        Args:
            options: for its main; `concurrency` is how many slots of the board it gets.

        Raises:
            NoRoom: no such run of free slots.
            OSError: the system has no more processes or memory.
        """
        count = max(1, int(options.get("concurrency", 1)))
        first = self._find_slots(count)
        slots = range(first, first + count)
        exec_id = new_id()
        high, low = to_words(exec_id)
        for slot in slots:
            self._board.allocate_slot(slot, high, low, lane)
        sequence = self._board.sequence(first)

        def body() -> int:
            self._close_in_child()
            set_up_executor(f"{lane} executor")
            own = [self._board.slot(slot) for slot in slots]
            self._set_owner(slots, os.getpid())  # here too: its first run may be faster
            return self._main(lane, exec_id, own, self._session, dict(options))

        pid = fork_child(body)
        ticks = self._set_owner(slots, pid)
        apart = str(options.get("lane_suffix", ""))
        living = ExecutorProcess(exec_id, lane, first, count, pid, ticks, kept, sequence, apart)
        self._by_id[exec_id] = self._by_pid[pid] = living
        self._taken.update(slots)
        return living

    def _set_owner(self, slots: range, pid: int) -> int:
        ticks = start_ticks(pid) or 0
        for slot in slots:
            self._board.set_owner(slot, pid, ticks)
        return ticks

    def _find_slots(self, count: int) -> int:
        free = 0
        for slot in range(self._lo, self._hi):
            free = free + 1 if self._is_free(slot) else 0
            if free == count:
                return slot - count + 1
        raise NoFreeSlots(
            f"the board has no {count} free slots in {self._lo}:{self._hi}"
            f" ({len(self._by_id)} executors live)"
        )

    def _is_free(self, slot: int) -> bool:
        if slot in self._taken:
            return False
        # An executor of a zygote that died may still live on a slot of this range.
        pid, ticks = self._board.owner(slot)
        return pid == 0 or not same_process(pid, ticks)

    # -- orders -----------------------------------------------------------------------------

    def request_stop(self, living: ExecutorProcess, slot: int, run_lo: int) -> bool:
        """Ask for a run's end: the word on the board, then SIGTERM. False: not its slot."""
        if not living.first_slot <= slot < living.first_slot + living.slot_count:
            return False
        self._board.set_stop(slot, run_lo)
        send_to_child(living.pid, SIGTERM)
        return True

    def retire(self, living: ExecutorProcess) -> None:
        """Tell an executor to take no more runs and end."""
        living.leaving = True
        for slot in range(living.first_slot, living.first_slot + living.slot_count):
            self._board.set_retire(slot)
        send_to_child(living.pid, SIGTERM)

    # -- deaths -----------------------------------------------------------------------------

    def ran_nothing(self, living: ExecutorProcess) -> bool:
        """Whether no run has begun on its first slot since its birth."""
        return self._board.sequence(living.first_slot) == living.sequence

    def record_exit(
        self,
        living: ExecutorProcess,
        status: ExitStatus,
        killed: list[EndedProcess],
        strays: list[EndedProcess],
    ) -> dict[str, Any]:
        """Note the end of an executor that has been reaped; frees its slots.

        Returns the frame for the supervisor, which is kept until `acknowledge`.
        """
        slots = range(living.first_slot, living.first_slot + living.slot_count)
        runs = []
        for slot in slots:
            seen = self._board.read_slot(slot)
            if seen is not None and seen.running:
                on = {"slot": slot, "run": seen.run_id, "attempt": seen.attempt}
                runs.append(on | {"started_ns": seen.started_ns})
            self._board.release_slot(slot)
        self._taken.difference_update(slots)
        del self._by_id[living.exec_id], self._by_pid[living.pid]
        frame = living.frame() | {
            "code": status.code,
            "signal": status.signal,
            "cpu_s": status.cpu_s,
            "max_rss_bytes": status.max_rss_bytes,
            "run": runs[0]["run"] if runs else None,
            "runs": runs,
            "killed": [list(ended) for ended in killed],
            "strays": [list(ended) for ended in strays],
        }
        self._exits[living.exec_id] = frame
        return frame

    def find_exit(self, exec_id: str) -> dict[str, Any] | None:
        """The unacknowledged end of an executor."""
        return self._exits.get(exec_id)

    @property
    def exits(self) -> list[dict[str, Any]]:
        """All unacknowledged ends, the oldest first."""
        return list(self._exits.values())

    def acknowledge(self, exec_id: str) -> None:
        """The supervisor has dealt with an end: forget it."""
        self._exits.pop(exec_id, None)
