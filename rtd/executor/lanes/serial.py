"""One run at a time in the main thread: the base of `process`, `main`, `fresh`, `command`."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rtd.executor.core.fetch_parameters import fetch_parameters
from rtd.executor.core.leased_run import AttemptOutcome, LeasedRun
from rtd.executor.lanes.base_lane import BaseLane, LaneParts
from rtd.executor.lanes.batch_size import BATCH_S, BatchSizer
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.output.stdio_router import STDIO
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.leftover_processes import kill_leftovers
from rtd.executor.runs.progress import ProgressThrottle
from rtd.executor.runs.resource_usage import MIN_MEASURED_S, UsageMeter
from rtd.executor.runs.run_in_main_thread import Caller, execute_run
from rtd.executor.runs.stop_gate import StopGate
from rtd.model.internal_tasks import INTERNAL_PREFIX
from rtd.process.board.slot import FLAG_SAMPLE
from rtd.process.events.executor_signals import set_alarm
from rtd.process.fork.fork_guard import FORK_GUARD
from rtd.process.fork.process_title import set_title
from rtd.process.fork.resource_limits import ResourceLimits
from rtd.session.core import run_context
from rtd.session.core.run_context import CurrentRun

#: What waits behind a run that takes longer than this is given back to the queue.
_STUCK_S: Final = 0.100
#: Runs expected to be shorter than this do not change the process title.
_TITLE_S: Final = 0.002


class SerialLane(BaseLane):
    """Carries out runs one after the other.

    Args:
        caller: carries out the code of a run.
    """

    def __init__(self, parts: LaneParts, caller: Caller) -> None:
        super().__init__(parts)
        self._slot = parts.slots[0]
        self._capture = parts.captures[0]
        self._caller = caller
        self._progress = ProgressThrottle("", self.report_progress)
        self._batch_sizer = BatchSizer()
        self._usage = UsageMeter()
        self._limits = ResourceLimits()
        self._queue: deque[LeasedRun] = deque()
        self._using_redis = False
        self._stop_controller = StopGate(self._slot)
        self._signals.on_term = self._stop_controller.on_term
        self._signals.on_alarm = self._on_alarm

    def route(self) -> ScratchFile:
        return self._capture.scratch

    # -- what the loop calls -----------------------------------------------------------------

    def room(self) -> int:
        limit = self._options.max_runs
        size = self._batch_sizer.batch_size()
        return min(size, max(limit - self._runs, 1)) if limit else size

    def start(self, works: Sequence[LeasedRun]) -> None:
        self._queue.extend(works)
        if len(self._queue) > 1:
            set_alarm(_STUCK_S)
        while self._queue:
            work = self._queue.popleft()
            if self._queue and self._batch_sizer.expected_s(work.task) >= BATCH_S:
                self._batch_sizer.shrink()
                self._give_back_rest()
            self._execute_run(work)
            if self._queue and (
                self._backend.outcomes.must_be_sent or self._slot.retiring or self._must_recycle
            ):
                self._give_back_rest()
        if len(works) > 1:
            set_alarm(0)

    def prepare_next(self) -> None:
        self._must_recycle = (
            not self._limits.restore()
        )  # of runs that were too short to be looked at

    # -- one run -----------------------------------------------------------------------------

    def _execute_run(self, work: LeasedRun) -> None:
        if work.resolver is not None:
            self._fetch_parameters(work)
        started_at = time.time()
        started_ns = time.monotonic_ns()
        outcome = AttemptOutcome(work, started_at)
        policies = work.policies
        timeout_s = policies.timeout_s
        deadline_ns = started_ns + int(timeout_s * 1e9) if timeout_s else 0
        memory = policies.memory_limit_bytes or 0
        cpu_ns = int((policies.cpu_time_limit_s or 0) * 1e9)
        run = self._expect(work)
        flags = FLAG_SAMPLE if memory or cpu_ns or work.has_end_cond else 0
        self._slot.begin(
            *work.id_words, started_ns, deadline_ns, flags, memory, cpu_ns, work.attempt_number
        )
        expected_s = self._batch_sizer.expected_s(work.task)
        titled = expected_s >= _TITLE_S
        measured = expected_s >= MIN_MEASURED_S
        if titled:
            set_title(f"{self._lane.name} {work.task} {work.id}")
        token = run_context.enter_run(run)
        if measured:
            self._usage.begin()
        try:
            if execute_run(self._caller, work, outcome, self._stop_controller):
                self._why_stopped(outcome)
        finally:
            run_context.leave_run(token)
        elapsed_s = (time.monotonic_ns() - started_ns) / 1e9
        outcome.ended_at = started_at + elapsed_s
        if measured:
            outcome.cpu_s, peak_bytes = self._usage.end(elapsed_s)
            outcome.peak_bytes = outcome.peak_bytes or peak_bytes  # a caller's own is better
            if changed := self._limits.changed():
                self._restore_limits(outcome, changed)
                elapsed_s = max(elapsed_s, BATCH_S)  # runs that seem long are looked at
        self._batch_sizer.record_time(work.task, elapsed_s)
        self._after(outcome)
        if titled:
            set_title(f"{self._lane.name} idle")

    def _fetch_parameters(self, work: LeasedRun) -> None:
        with self._redis_in_use():
            fetch_parameters(self._backend, [work])

    def _expect(self, work: LeasedRun) -> CurrentRun:
        self._progress.reset(work.id)
        run = CurrentRun(work.id, work.task, work.attempt_number, self._progress)
        self._stop_controller.begin_run(work.id_words[1], run)
        return run

    def _why_stopped(self, outcome: AttemptOutcome) -> None:
        with self._redis_in_use():
            intent = self._backend.read_intent(outcome.leased_run.id)
        outcome_of_call.record_stop(outcome, intent)

    def _restore_limits(self, outcome: AttemptOutcome, changed: list[str]) -> None:
        """What a task did to the limits of this process is not for the next one to suffer."""
        self._must_recycle = not self._limits.restore()
        end = (
            "this executor ends, for it may not raise them again"
            if self._must_recycle
            else "put back"
        )
        outcome.add_note(f"changed limits of its process ({', '.join(changed)}): {end}")

    def _after(self, outcome: AttemptOutcome) -> None:
        STDIO.flush()
        self._signals.restore()
        kill_leftovers(outcome)
        self._runs += outcome.leased_run.task[0] != INTERNAL_PREFIX
        self._capture.store_output(outcome)
        self._backend.outcomes.add(outcome)
        self._slot.end()

    # -- a run that takes longer than expected -------------------------------------------------

    def _give_back_rest(self) -> None:
        rest = list(self._queue)
        self._queue.clear()
        with self._redis_in_use():
            self._backend.give_back(rest)

    @contextmanager
    def _redis_in_use(self) -> Iterator[None]:
        """Keep the alarm from using the connection meanwhile."""
        self._using_redis = True
        try:
            yield
        finally:
            self._using_redis = False

    def _on_alarm(self) -> None:
        """The batch is not over in time: what waits behind the current run must not wait."""
        if self._using_redis:
            set_alarm(BATCH_S)
        elif self._queue:
            self._give_back_rest()

    def report_progress(self, run_id: str, blob: bytes) -> None:
        self._send_from_task(lambda: self._backend.report_progress(run_id, blob))

    def report_fault(self, kind: str, what: str, message: str, halts: bool) -> None:
        self._send_from_task(lambda: self._backend.report_fault(kind, what, message, halts))

    def _send_from_task(self, send: Callable[[], None]) -> None:
        """Use Redis within the frame of the task, whole or not at all."""
        if FORK_GUARD.is_child:  # the connection is the executor's
            return
        self._stop_controller.shield()
        try:
            with self._redis_in_use():
                send()
        finally:
            self._stop_controller.unshield()
