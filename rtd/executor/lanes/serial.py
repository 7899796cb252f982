"""One run at a time in the main thread of a process: lanes `process`, `fresh` and `main`."""

import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from rtd.executor.core.backend import Backend
from rtd.executor.core.executor_context import Tools
from rtd.executor.core.fetch_parameters import fetch
from rtd.executor.core.leased_run import Outcome, Work
from rtd.executor.lanes.batch_size import BATCH_S, Costs
from rtd.executor.output.capture import Capture
from rtd.executor.output.scratch_file import Scratch
from rtd.executor.output.stdio_router import STREAMS
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.leftover_processes import end_leftovers
from rtd.executor.runs.progress import Progress
from rtd.executor.runs.resource_usage import WORTH_S, Usage, resident_bytes
from rtd.executor.runs.run_in_main_thread import Caller, carry_through
from rtd.executor.runs.stop_gate import Gate
from rtd.model.internal_tasks import MARK
from rtd.process.board.slot import FLAG_SAMPLE, Slot
from rtd.process.events.executor_signals import alarm
from rtd.process.fork.fork_guard import FORK_MARK
from rtd.process.fork.process_title import set_title
from rtd.process.fork.resource_limits import OwnLimits
from rtd.session.core import run_context
from rtd.session.core.run_context import FAULTS, CurrentRun

#: What waits behind a run that takes longer than this is given back to the queue.
_STUCK_S: Final = 0.100
#: Runs expected to be shorter than this do not change the process title.
_TITLE_S: Final = 0.002


class SerialLane:
    """Carries out runs one after the other; see `lane.Lane`."""

    def __init__(
        self, slot: Slot, backend: Backend, capture: Capture, caller: Caller, tools: Tools
    ) -> None:
        self._slot = slot
        self._backend = backend
        self._capture = capture
        self._caller = caller
        self._options = tools.options
        self._pool = tools.pool
        self._signals = tools.signals
        self._progress = Progress("", self._report_progress)
        self._costs = Costs()
        self._usage = Usage()
        self._limits = OwnLimits()
        #: Whether something of this process is not as the next run must find it.
        self._worn = False
        self._queue: deque[Work] = deque()
        self._talking = False
        self._runs = 0
        self._gate = Gate(slot)
        self._signals.on_term = self._gate.on_term
        self._signals.on_alarm = self._on_alarm
        STREAMS.route = self._route
        FAULTS.sink = self._report_fault

    def _route(self) -> Scratch:
        return self._capture.scratch

    # -- what the loop asks ------------------------------------------------------------------

    def room(self) -> int:
        limit = self._options.max_runs
        size = self._costs.batch()
        return min(size, max(limit - self._runs, 1)) if limit else size

    def start(self, works: Sequence[Work]) -> None:
        self._queue.extend(works)
        if len(self._queue) > 1:
            alarm(_STUCK_S)
        while self._queue:
            work = self._queue.popleft()
            if self._queue and self._costs.of(work.task) >= BATCH_S:
                self._costs.cut()
                self._give_back_rest()
            self._carry_out(work)
            if self._queue and (
                self._backend.reports.must_be_sent or self._gate.retiring or self._worn
            ):
                self._give_back_rest()
        if len(works) > 1:
            alarm(0)

    def collect(self) -> int:
        return 0

    def busy(self) -> int:
        return 0

    def fds(self) -> Sequence[int]:
        self._signals.watch()
        return (self._signals.wakeup_fd,)

    def retiring(self) -> bool:
        return self._gate.retiring

    def should_recycle(self) -> bool:
        options = self._options
        if self._worn:
            return True
        if options.max_runs and self._runs >= options.max_runs:
            return True
        return bool(options.max_memory_bytes) and resident_bytes() > options.max_memory_bytes

    def calm(self) -> None:
        self._signals.drain()

    def rest(self) -> None:
        self._worn = not self._limits.mend()  # of runs that were too short to be looked at

    def end(self) -> None:
        """Nothing to let go of."""

    # -- one run -----------------------------------------------------------------------------

    def _carry_out(self, work: Work) -> None:
        if work.filling is not None:
            self._look_up(work)
        started_at = time.time()
        started_ns = time.monotonic_ns()
        outcome = Outcome(work, started_at)
        policies = work.policies
        timeout_s = policies.timeout_s
        deadline_ns = started_ns + int(timeout_s * 1e9) if timeout_s else 0
        memory = policies.memory_limit_bytes or 0
        cpu_ns = int((policies.cpu_time_limit_s or 0) * 1e9)
        run = self._expect(work)
        flags = FLAG_SAMPLE if memory or cpu_ns or work.watched else 0
        self._slot.begin(*work.words, started_ns, deadline_ns, flags, memory, cpu_ns, work.number)
        expected_s = self._costs.of(work.task)
        titled = expected_s >= _TITLE_S
        measured = expected_s >= WORTH_S
        if titled:
            set_title(f"{self._pool} {work.task} {work.id}")
        token = run_context.enter(run)
        if measured:
            self._usage.begin()
        try:
            if carry_through(self._caller, work, outcome, self._gate):
                self._why_stopped(outcome)
        finally:
            run_context.leave(token)
        elapsed_s = (time.monotonic_ns() - started_ns) / 1e9
        outcome.ended_at = started_at + elapsed_s
        if measured:
            outcome.cpu_s, peak_bytes = self._usage.end(elapsed_s)
            outcome.peak_bytes = outcome.peak_bytes or peak_bytes  # a caller's own is better
            if changed := self._limits.changed():
                self._mend_limits(outcome, changed)
                elapsed_s = max(elapsed_s, BATCH_S)  # runs that seem long are looked at
        self._costs.learn(work.task, elapsed_s)
        self._after(outcome)
        if titled:
            set_title(f"{self._pool} idle")

    def _look_up(self, work: Work) -> None:
        self._talking = True
        try:
            fetch(self._backend, [work])
        finally:
            self._talking = False

    def _expect(self, work: Work) -> CurrentRun:
        self._progress.expect(work.id)
        run = CurrentRun(work.id, work.task, work.number, self._progress)
        self._gate.expect(work.words[1], run)
        return run

    def _why_stopped(self, outcome: Outcome) -> None:
        self._talking = True
        outcome_of_call.stopped(outcome, self._backend.intent(outcome.work.id))
        self._talking = False

    def _mend_limits(self, outcome: Outcome, changed: list[str]) -> None:
        """What a task did to the limits of this process is not for the next one to suffer."""
        self._worn = not self._limits.mend()
        end = "this executor ends, for it may not raise them again" if self._worn else "put back"
        outcome.add_note(f"changed limits of its process ({', '.join(changed)}): {end}")

    def _after(self, outcome: Outcome) -> None:
        STREAMS.flush()
        self._signals.restore()
        end_leftovers(outcome)
        self._runs += outcome.work.task[0] != MARK
        self._capture.finish(outcome)
        self._backend.reports.keep(outcome)
        self._slot.end()

    # -- a run that takes longer than expected -------------------------------------------------

    def _give_back_rest(self) -> None:
        rest = list(self._queue)
        self._queue.clear()
        self._talking = True
        try:
            self._backend.give_back(rest)
        finally:
            self._talking = False

    def _on_alarm(self) -> None:
        """The batch is not over in time: what waits behind the current run must not wait."""
        if self._talking:
            alarm(BATCH_S)
        elif self._queue:
            self._give_back_rest()

    def _report_progress(self, run_id: str, blob: bytes) -> None:
        """Write a progress report from within the task's frame, whole or not at all."""
        if FORK_MARK.is_child:  # the connection is the executor's
            return
        self._talking = True
        self._gate.shield()
        try:
            self._backend.progress(run_id, blob)
        finally:
            self._talking = False
            self._gate.unshield()

    def _report_fault(self, kind: str, what: str, message: str, halts: bool) -> None:
        """As a progress report: whole or not at all."""
        if FORK_MARK.is_child:
            return
        self._talking = True
        self._gate.shield()
        try:
            self._backend.fault(kind, what, message, halts)
        finally:
            self._talking = False
            self._gate.unshield()
