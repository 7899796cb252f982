"""One run at a time in the main thread: the base of `process`, `main`, `fresh`, `command`."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from typing import Final

from rtd.common.stdlib.originals import threading
from rtd.executor.aspects.process_traits import LONG_S
from rtd.executor.aspects.run_aspects import serial_aspects
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.fetch_parameters import fetch_parameters
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.core.record_stop import record_stop
from rtd.executor.lanes.base_lane import BaseLane, LaneParts
from rtd.executor.lanes.batch_size import BATCH_S, BatchSizer
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.runs.progress import ProgressThrottle
from rtd.executor.runs.run_in_main_thread import Caller, execute_run
from rtd.executor.runs.stop_gate import StopGate
from rtd.executor.runs.unfinished import note_unfinished
from rtd.model.internal_tasks import INTERNAL_PREFIX
from rtd.process.fork.fork_guard import FORK_GUARD
from rtd.session.context import run_context
from rtd.session.context.run_context import CurrentRun

#: Runs that wait behind one that takes longer than this go back to their queue.
_STUCK_S: Final = 0.100


class SerialLane(BaseLane):
    """Carries out runs one after the other.

    Args:
        caller: carries out the code of a run.
    """

    def __init__(self, parts: LaneParts, caller: Caller) -> None:
        super().__init__(parts)
        self._slot = parts.slots[0]
        self._capture = parts.captures[0]
        traits = self._process_traits(self._capture.stdio_trait()) if self.calls_app else None
        self._aspects = serial_aspects(
            parts.context, self._slot, self._backend.outcomes, self._capture, traits
        )
        self._caller = caller
        self._progress = ProgressThrottle("", self.report_progress)
        self._batch_sizer = BatchSizer()
        self._queue: deque[LeasedRun] = deque()
        #: The run that goes on, and the lock of the one who uses the connection meanwhile: a
        #: thread of the task may report progress.
        self._current: CurrentRun | None = None
        self._redis_lock = threading.Lock()
        self._stop_gate = StopGate(self._slot)
        self._signals.on_term = self._stop_gate.on_term
        self._signals.on_alarm = self._on_alarm

    def route(self) -> ScratchFile | None:
        run = run_context.find_run()
        return self._capture.scratch if run is None or not run.ended else None

    # -- what the loop calls -----------------------------------------------------------------

    def room(self) -> int:
        limit = self._options.max_runs
        size = self._batch_sizer.batch_size()
        return min(size, max(limit - self._runs, 1)) if limit else size

    def start(self, works: Sequence[LeasedRun]) -> None:
        self._queue.extend(works)
        if len(self._queue) > 1:
            self._signals.set_alarm(_STUCK_S)
        while self._queue:
            work = self._queue.popleft()
            if self._queue and self._batch_sizer.expected_s(work.task) >= BATCH_S:
                self._batch_sizer.shrink()
                self._give_back_rest()
            if self._batch_sizer.expected_s(work.task) >= LONG_S:
                self._aspects.on_idle()  # it must not suffer from what short runs have left
            if self._must_recycle:  # that could not be put back: no run begins here any more
                self._queue.appendleft(work)
                self._give_back_rest()
                break
            self._execute_run(work)
            if self._queue and (
                self._backend.outcomes.must_be_sent or self._slot.retiring or self._must_recycle
            ):
                self._give_back_rest()
        if len(works) > 1:
            self._signals.set_alarm(0)

    def prepare_next(self) -> None:
        self._aspects.on_idle()

    # -- one run -----------------------------------------------------------------------------

    def _execute_run(self, work: LeasedRun) -> None:
        if work.resolver is not None:
            with self._redis_in_use():
                fetch_parameters(self._backend, [work])
        if work.attempts and work.has_middleware:
            with self._redis_in_use():
                work.deliver_later = self._backend.is_undelivered(work.id)
        outcome = AttemptOutcome(work)
        run = self._expect(work)
        steps = self._aspects.select(work, self._batch_sizer.expected_s(work.task))
        for enter in steps.enters:
            enter(outcome)
        try:
            # In a copy, so that no other run sees the context variables that this one sets.
            if copy_context().run(self._call, run, work, outcome):
                self._record_stop(outcome)
        finally:
            self._current = None
            run.ended = True
            if self._redis_lock.locked():  # a thread is in the middle of a report
                with self._redis_lock:
                    pass
        outcome.end()
        if run.started is not None:
            note_unfinished(outcome, run)
        for leave in steps.leaves:
            leave(outcome)
        self._batch_sizer.record_time(work.task, outcome.elapsed_s)
        self._runs += work.task[0] != INTERNAL_PREFIX

    def _call(self, run: CurrentRun, work: LeasedRun, outcome: AttemptOutcome) -> bool:
        run_context.enter_run(run)
        return execute_run(self._caller, work, outcome, self._stop_gate)

    def _expect(self, work: LeasedRun) -> CurrentRun:
        self._progress.reset(work.id)
        run = CurrentRun(work.id, work.task, work.attempt_number, self._progress, work.opts)
        run.stops = self._stop_gate
        self._stop_gate.begin_run(work.id_words[1], run)
        self._current = run
        return run

    def _record_stop(self, outcome: AttemptOutcome) -> None:
        with self._redis_in_use():
            intent = self._backend.read_intent(outcome.leased_run.id)
        record_stop(outcome, intent)

    # -- a run that takes longer than expected -------------------------------------------------

    def _give_back_rest(self) -> None:
        rest = list(self._queue)
        self._queue.clear()
        with self._redis_in_use():
            self._backend.give_back(rest)

    @contextmanager
    def _redis_in_use(self) -> Iterator[None]:
        """Keep the alarm and threads of the task from using the connection meanwhile."""
        with self._redis_lock:
            yield

    def _on_alarm(self) -> None:
        """Give back the runs that wait behind the current one: the batch is not over in time."""
        if self._redis_lock.locked():
            self._signals.set_alarm(BATCH_S)
        elif self._queue:
            self._give_back_rest()

    def report_progress(self, run_id: str, blob: bytes) -> None:
        self._send_from_task(lambda: self._backend.reports.report_progress(run_id, blob))

    def report_fault(self, kind: str, what: str, message: str, halts: bool) -> None:
        self._send_from_task(lambda: self._backend.reports.report_fault(kind, what, message, halts))

    def publish_event(self, run_id: str, task: str, event: bytes) -> None:
        self._send_from_task(lambda: self._backend.reports.publish_event(run_id, task, event))

    def _send_from_task(self, send: Callable[[], None]) -> None:
        """Use Redis within the frame of the task, whole or not at all."""
        if FORK_GUARD.is_child:  # the connection is the executor's
            return
        if threading.get_ident() != threading.main_thread().ident:
            with self._redis_lock:
                if self._current is not None:
                    send()
            return
        self._stop_gate.shield()
        try:
            with self._redis_in_use():
                send()
        finally:
            self._stop_gate.unshield()
