"""The executors of a zygote: forked, known by id and pid, and remembered until acknowledged."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rtd.common.ids import new_id
from rtd.common.stdlib.originals import time
from rtd.executor.zygote.board_slots import BoardSlots
from rtd.process.board.board import Slot
from rtd.process.events.signals import SIGTERM
from rtd.process.fork.fork import fork_child, send_to_child, set_up_executor
from rtd.process.tree.children import own_children
from rtd.process.tree.exit_status import ExitStatus, reap_any
from rtd.process.tree.kill_tree import EndedProcess, KillReport, kill_tree
from rtd.protocol.zygote_messages import LANE_SUFFIX_OPTION, ExitReport, StartReport
from rtd.session.session import Session

__all__ = ["ExecutorMain", "ExecutorProcess", "ExecutorTable", "ExitRecord"]

#: `rtd.executor.executor.run_executor`: lane, executor id, slots, session, options -> exit code.
ExecutorMain = Callable[[str, str, list[Slot], Session | None, dict[str, Any]], int]


@dataclass(slots=True)
class ExecutorProcess:
    """An executor that has not been reaped.

    Attributes:
        spare: the zygote forked it by itself, for a lane that it keeps at strength.
        sequence: of its slots, at birth; the same at death means that nothing ran.
        lane_suffix: it takes only runs whose lane has this behind its name.
        leaving: it retires or is being killed, so its end is no failure of its lane.
    """

    exec_id: str
    lane: str
    slots: range
    pid: int
    ticks: int
    spare: bool
    sequence: int
    lane_suffix: str = ""
    born_s: float = field(default_factory=time.monotonic)
    leaving: bool = False

    def start_report(self) -> StartReport:
        """Return the executor as the supervisor hears of it."""
        return StartReport(
            exec_id=self.exec_id,
            lane=self.lane,
            slot=self.slots[0],
            pid=self.pid,
            slots=len(self.slots),
            ticks=self.ticks,
            lane_suffix=self.lane_suffix,
        )


class ExitRecord(NamedTuple):
    """The end of an executor. `ran_nothing`: no run began on its first slot."""

    executor: ExecutorProcess
    status: ExitStatus
    ran_nothing: bool
    report: ExitReport


class ExecutorTable:
    """All living executors and the unacknowledged exits.

    Args:
        slots: for the executors.
        session: what executors carry out; None: shell commands only.
        main: the body of an executor.
        helpers: pids of processes of the app, which are spared.
        close_in_child: called first in the child: closes what only the zygote may have.
    """

    def __init__(
        self,
        slots: BoardSlots,
        session: Session | None,
        main: ExecutorMain,
        helpers: frozenset[int],
        close_in_child: Callable[[], None],
    ) -> None:
        self._slots = slots
        self._session = session
        self._main = main
        self._helpers = helpers
        self._close_in_child = close_in_child
        self._by_id: dict[str, ExecutorProcess] = {}
        self._by_pid: dict[int, ExecutorProcess] = {}
        self._exits: dict[str, ExitReport] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[ExecutorProcess]:
        return iter(list(self._by_id.values()))

    def get(self, exec_id: str) -> ExecutorProcess | None:
        """Return the living executor of that id."""
        return self._by_id.get(exec_id)

    # -- births -----------------------------------------------------------------------------

    def fork(self, lane: str, options: Mapping[str, Any], spare: bool) -> ExecutorProcess:
        """Fork an executor.

        Args:
            options: for its main; `concurrency` is how many slots of the board it gets.

        Raises:
            NoFreeSlots: so many free slots are nowhere in a row.
            OSError: the system has no more processes or memory.
        """
        exec_id = new_id()
        slots = self._slots.allocate(max(1, int(options.get("concurrency", 1))), exec_id, lane)
        sequence = self._slots.sequence(slots)

        def body() -> int:
            self._close_in_child()
            set_up_executor(f"{lane} executor")
            own = self._slots.take_in_child(slots)
            return self._main(lane, exec_id, own, self._session, dict(options))

        pid = fork_child(body)
        ticks = self._slots.take(slots, pid)
        suffix = str(options.get(LANE_SUFFIX_OPTION, ""))
        executor = ExecutorProcess(exec_id, lane, slots, pid, ticks, spare, sequence, suffix)
        self._by_id[exec_id] = self._by_pid[pid] = executor
        return executor

    # -- stops ------------------------------------------------------------------------------

    def request_stops(
        self, executor: ExecutorProcess, runs: Sequence[tuple[int, int]]
    ) -> list[int]:
        """Ask runs to end: name each on the board, then send one SIGTERM.

        Args:
            runs: slot, and low word of the run's id.

        Returns:
            The slots that are not the executor's.
        """
        strange = [slot for slot, _ in runs if slot not in executor.slots]
        for slot, run_lo in runs:
            if slot in executor.slots:
                self._slots.set_stop(slot, run_lo)
        if len(strange) < len(runs):
            send_to_child(executor.pid, SIGTERM)
        return strange

    def retire(self, executor: ExecutorProcess) -> None:
        """Tell an executor to take no more runs and end."""
        executor.leaving = True
        self._slots.set_retire(executor.slots)
        send_to_child(executor.pid, SIGTERM)

    def kill(self, executor: ExecutorProcess) -> tuple[ExitRecord | None, KillReport]:
        """Kill an executor and everything below it.

        Returns its exit, None when it could not be ended, and what became of the processes.
        """
        executor.leaving = True
        killed = kill_tree(executor.pid, self._spared - {executor.pid})
        if killed.root_status is None:
            return None, killed
        return self._record_exit(executor, killed.root_status, killed.ended, []), killed

    # -- deaths -----------------------------------------------------------------------------

    def reap(self) -> Iterator[ExitRecord]:
        """Take all exit statuses; end what dead executors have left behind."""
        while (ended := reap_any()) is not None:
            executor = self._by_pid.get(ended[0])
            if executor is not None:  # else a stray: it fell to us and has ended by itself
                yield self._record_exit(executor, ended[1], [], self._kill_strays())

    @property
    def _spared(self) -> set[int]:
        return self._by_pid.keys() | self._helpers

    def _kill_strays(self) -> list[EndedProcess]:
        if self._spared.issuperset(own_children()):
            return []
        return kill_tree(None, self._spared).ended

    def _record_exit(
        self,
        executor: ExecutorProcess,
        status: ExitStatus,
        killed: list[EndedProcess],
        strays: list[EndedProcess],
    ) -> ExitRecord:
        ran_nothing = self._slots.sequence(executor.slots) == executor.sequence
        runs = self._slots.release(executor.slots)
        del self._by_id[executor.exec_id], self._by_pid[executor.pid]
        report = ExitReport(
            **executor.start_report()._asdict(),
            code=status.code,
            signal=status.signal,
            cpu_s=status.cpu_s,
            max_rss_bytes=status.max_rss_bytes,
            run_id=runs[0].run_id if runs else None,
            runs=runs,
            killed=[list(ended) for ended in killed],
            strays=[list(ended) for ended in strays],
        )
        self._exits[executor.exec_id] = report
        return ExitRecord(executor, status, ran_nothing, report)

    def find_exit(self, exec_id: str) -> ExitReport | None:
        """Return the unacknowledged exit of an executor."""
        return self._exits.get(exec_id)

    @property
    def exits(self) -> tuple[ExitReport, ...]:
        """All unacknowledged exits, the oldest first."""
        return tuple(self._exits.values())

    def forget_exit(self, exec_id: str) -> None:
        """Forget an exit that the supervisor has dealt with."""
        self._exits.pop(exec_id, None)
