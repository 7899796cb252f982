"""Calls a task's function in a process forked for this run alone: lane `fresh`.

The executor stays: it has the lease, the connection to Redis and the spool, so a run costs only
a fork. The child reports through a file without a name. A child that ends without a report ends
its executor too, by the same signal or code: so the run is settled like any other whose executor
died, with the same evidence.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import msgpack

from rtd.common.stdlib.originals import os, time
from rtd.common.text_of import pack_plain
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.output.stdio_router import STDIO
from rtd.executor.runs.process_hooks import STOP_LIMIT_S, ProcessHooks
from rtd.executor.runs.run_in_main_thread import Caller, execute_run
from rtd.executor.runs.stop_gate import StopGate
from rtd.model.output_files import file_place
from rtd.process.events.executor_signals import ExecutorSignals
from rtd.process.fork.prefork import PreforkedChild, exit_like
from rtd.process.fork.process_end import describe_end, end_process, needs_end
from rtd.session.context.run_context import FAULTS, report_fault

_LENGTH: Final = 4
_NOTHING: Final = bytes(_LENGTH)
#: A larger report is removed from memory, not overwritten by the next one.
_ROOM_BYTES: Final = 1 << 16
_NO_FORK_PAUSE_S: Final = 0.1
#: CPython 3.11 adapts a function in its eighth call, and what is in it in later ones.
_REHEARSALS: Final = 32
#: How long a prepared child may take to end beside its hooks.
_HOOKS_S: Final = 2.0


class ForkCaller:
    """The caller of lane `fresh`.

    Args:
        inner: carries out the run in the child.
        scratch: for the output; the child writes to it, the executor keeps it.
        close_in_child: called first in the child: closes what only the executor may use.
        end_limit_s: how long the threads and the exit functions of a run may hold up its end.
        hooks: called in each child, before and after its run; None: the app has none.
        signals: of the executor.
    """

    def __init__(
        self,
        inner: Caller,
        scratch: ScratchFile,
        close_in_child: Callable[[], None],
        end_limit_s: float,
        hooks: ProcessHooks | None,
        signals: ExecutorSignals,
    ) -> None:
        self._end_limit_s = end_limit_s
        self._hooks = hooks
        self._inner = inner
        self._scratch = scratch
        self._close_in_child = close_in_child
        self._child = PreforkedChild(signals)
        self._report_fd = os.memfd_create("rtd-report")
        self._report_place = file_place(self._report_fd)

    def call(self, work: LeasedRun, outcome: AttemptOutcome, gate: StopGate) -> None:
        """Return when the child has ended with a report; end this process when without one."""
        gate.set_own_stop(self._child.terminate)
        gate.enter_task()
        if not self._start(work, outcome, gate):
            self.close()  # the prepared child would count as left behind by this run
            return  # a stop was faster
        if gate.is_stop_requested():  # the stop came while it started
            self._child.terminate()
        status = self._child.wait()
        blob = self._report()
        if not blob:
            exit_like(status)
        if status.code != 0:
            outcome.add_note(f"its process ended with {status} after the run")
        self._take_over(outcome, gate, msgpack.unpackb(blob))
        outcome.peak_bytes = status.max_rss_bytes

    def _start(self, work: LeasedRun, outcome: AttemptOutcome, gate: StopGate) -> bool:
        os.pwrite(self._report_fd, _NOTHING, 0)
        while not gate.is_stop_requested():
            if self._child.assign(work.to_record()):
                return True
            try:
                self._child.fork(lambda: self._in_child(work, outcome, gate))
            except OSError:  # no more processes or memory: this passes, and the run waits for it
                time.sleep(_NO_FORK_PAUSE_S)
            else:
                return True
        return False

    def prefork(
        self, warm_up: Callable[[], None], enter: Callable[[bytes], LeasedRun], gate: StopGate
    ) -> bool:
        """Fork the child of the next run ahead, so that it starts at once.

        Args:
            warm_up: called in the child while it waits.
            enter: makes the process part of a run, given the run's record.

        Returns whether there was a fork: none when that child is there already.
        """

        def wait_and_work(order: Callable[[], bytes]) -> int:
            self._close_in_child()
            warm_up()
            if self._hooks is not None:
                self._hooks.start()
            record = order()
            if not record:
                return self._end_unused()
            work = enter(record)
            return self._execute_run(work, AttemptOutcome(work), gate)

        with suppress(OSError):  # then the run forks, and waits until it can
            return self._child.prefork(wait_and_work)
        return False

    def rehearse(self, work: LeasedRun, gate: StopGate) -> None:
        """Carry out a run here, again and again, as a child does: so Python has adapted the code to
        its use (PEP 659) before the forks. Each child would write to the same pages for that.

        Args:
            work: does nothing.
        """
        sink = FAULTS.sink
        for _ in range(_REHEARSALS):
            self._report_of_run(work, AttemptOutcome(work), gate)
            needs_end()
        FAULTS.sink = sink

    def close(self) -> None:
        """End the prepared child, if there is one."""
        if self._hooks is None:
            self._child.kill_prepared()
        else:
            self._child.end_prepared(STOP_LIMIT_S + _HOOKS_S)

    # -- in the child ------------------------------------------------------------------------

    def _in_child(self, work: LeasedRun, outcome: AttemptOutcome, gate: StopGate) -> int:
        gate.reset_in_child()
        self._close_in_child()
        if self._hooks is not None:
            self._hooks.start()
        return self._execute_run(work, outcome, gate)

    def _end_unused(self) -> int:
        """End a child that no run came for."""
        if self._hooks is not None:
            self._hooks.stop()
            if needs_end():
                end_process(_HOOKS_S, lambda _step: os._exit(0))
        return 0

    def _execute_run(self, work: LeasedRun, outcome: AttemptOutcome, gate: StopGate) -> int:
        report = self._report_of_run(work, outcome, gate)  # is kept, however the process ends
        if self._hooks is not None:
            self._hooks.stop()
            report(None)
        if needs_end():
            self._end_process(report)
        return 0

    def _report_of_run(
        self, work: LeasedRun, outcome: AttemptOutcome, gate: StopGate
    ) -> Callable[[str | None], None]:
        """Carry the run out, and report. Returns what reports again."""
        faults: list[tuple[Any, ...]] = []
        FAULTS.sink = lambda *fault: faults.append(fault)
        stop_requested = execute_run(self._inner, work, outcome, gate)
        self._reopen_lost_fds()

        note_of_run = outcome.note

        def report(note: str | None) -> None:
            with self._scratch.lock:
                if not STDIO.is_clean():
                    STDIO.end_run(self._scratch)
            outcome.note = note_of_run
            if note is not None:
                outcome.add_note(note)
            self._write_report(stop_requested, outcome, faults)

        report(None)
        return report

    def _end_process(self, report: Callable[[str | None], None]) -> None:
        def late(step: str) -> None:
            limit = f"{self._end_limit_s:g} s"
            report(f"its process did not end within {limit}: {describe_end(step)}; cut short")
            os._exit(0)

        end_process(self._end_limit_s, late)
        report(None)

    def _write_report(
        self, stop_requested: bool, outcome: AttemptOutcome, faults: list[tuple[Any, ...]]
    ) -> None:
        report = [
            stop_requested, outcome.state, outcome.result, outcome.error, outcome.error_names,
            outcome.why, outcome.note, self._scratch.state(), faults, outcome.by,
        ]  # fmt: skip
        blob: bytes = pack_plain(report)
        os.pwrite(self._report_fd, len(blob).to_bytes(_LENGTH, "little") + blob, 0)

    def _reopen_lost_fds(self) -> None:
        """Open again what the task has closed, also where it has a file of its own there now."""
        if file_place(self._report_fd) == self._report_place:
            return
        path = f"/proc/{os.getppid()}/fd/{self._report_fd}"
        self._report_fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._scratch.reopen()

    # -- in the executor ---------------------------------------------------------------------

    def _report(self) -> bytes:
        """Return the report of the child; empty when it wrote none."""
        length = int.from_bytes(os.pread(self._report_fd, _LENGTH, 0), "little")
        blob = os.pread(self._report_fd, length, _LENGTH) if length else b""
        if length > _ROOM_BYTES:
            os.ftruncate(self._report_fd, 0)
        return blob

    def _take_over(self, outcome: AttemptOutcome, gate: StopGate, report: list[Any]) -> None:
        stop_requested, outcome.state, outcome.result, outcome.error, names, *rest = report
        outcome.why, note, state, faults, outcome.by = rest
        if note is not None:
            outcome.add_note(note)
        outcome.error_names = tuple(names)
        self._scratch.adopt(state)
        outcome.is_delivered = not stop_requested
        if stop_requested:  # it saw the stop on the board before the signal came here
            gate.stop_requested = True
        for fault in faults:
            report_fault(*fault[:3], halts=fault[3])
