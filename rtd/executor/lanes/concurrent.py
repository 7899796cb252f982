"""Several runs at once in one process: what the lanes `thread` and `async` share.

The main thread is the coordinator: it alone speaks to Redis, the board and the scratch files'
ends. Runs go on in other threads and come back through a queue and an eventfd.
"""

import contextlib
import os
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Sequence

from rtd.executor.core.fetch_parameters import fetch_parameters
from rtd.executor.core.leased_run import AttemptOutcome, LeasedRun
from rtd.executor.lanes.base_lane import BaseLane, LaneParts
from rtd.executor.output.capture import Capture
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.progress import ProgressThrottle
from rtd.process.board.slot import FLAG_SAMPLE, Slot
from rtd.process.fork.fork import EXIT_FDS_CLOSED
from rtd.session.core import run_context
from rtd.session.core.run_context import CurrentRun, ProgressReporter


class RoutedRun(CurrentRun):
    """A run that knows where its output goes."""

    __slots__ = ("scratch",)

    def __init__(self, work: LeasedRun, report: ProgressReporter, scratch: ScratchFile) -> None:
        super().__init__(work.id, work.task, work.attempt_number, report)
        self.scratch = scratch


class ConcurrentRun:
    """A run that is going on, in its slot."""

    __slots__ = (
        "capture",
        "current_run",
        "leased_run",
        "outcome",
        "own_stop",
        "slot",
        "started_ns",
        "stop_requested",
    )

    def __init__(
        self, work: LeasedRun, slot: Slot, capture: Capture, report: ProgressReporter
    ) -> None:
        self.leased_run = work
        self.slot = slot
        self.capture = capture
        self.current_run = RoutedRun(work, report, capture.scratch)
        self.outcome = AttemptOutcome(work, time.time())
        self.started_ns = time.monotonic_ns()
        self.stop_requested = False
        #: The `stop` of a class task's instance, when it has one of its own.
        self.own_stop: Callable[[], None] | None = None

    def begin_slot(self) -> None:
        """Put it on the board."""
        timeout_s = self.leased_run.policies.timeout_s
        deadline_ns = self.started_ns + int(timeout_s * 1e9) if timeout_s else 0
        flags = FLAG_SAMPLE if self.leased_run.has_end_cond else 0
        number = self.leased_run.attempt_number
        self.slot.begin(
            *self.leased_run.id_words, self.started_ns, deadline_ns, flags, attempt=number
        )


class ConcurrentLane(BaseLane):
    """Carries out several runs at once; a subclass launches them and stops them."""

    def __init__(self, parts: LaneParts) -> None:
        super().__init__(parts)
        self._free = list(zip(parts.slots, parts.captures, strict=True))
        self._active: dict[int, ConcurrentRun] = {}
        self._ended: deque[ConcurrentRun] = deque()
        self._reports: deque[tuple[str, bytes]] = deque()
        self._faults: deque[tuple[str, str, str, bool]] = deque()
        self._wake_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    @abstractmethod
    def launch(self, going: ConcurrentRun) -> None:
        """Begin a run; when it is over, `over` is called from any thread."""

    @abstractmethod
    def request_stop(self, going: ConcurrentRun) -> None:
        """Ask a run to end: once, from the coordinator."""

    def on_finished(self, going: ConcurrentRun) -> None:
        """From any thread: its outcome's state, result and error are filled in."""
        self._ended.append(going)
        self._wake()

    def route(self) -> ScratchFile | None:
        run = run_context.find_run()
        return run.scratch if isinstance(run, RoutedRun) else None

    def report_progress(self, run_id: str, blob: bytes) -> None:
        self._reports.append((run_id, blob))
        self._wake()

    def report_fault(self, kind: str, what: str, message: str, halts: bool) -> None:
        self._faults.append((kind, what, message, halts))
        self._wake()

    def _wake(self) -> None:
        """From any thread: the coordinator is to look. Nobody could tell it otherwise."""
        try:
            os.eventfd_write(self._wake_fd, 1)
        except OSError:  # a task has closed it
            os._exit(EXIT_FDS_CLOSED)

    # -- what the loop asks ------------------------------------------------------------------

    def room(self) -> int:
        return len(self._free)

    def start(self, works: Sequence[LeasedRun]) -> None:
        filled = [work for work in works if work.resolver is not None]
        if filled:
            fetch_parameters(self._backend, filled)
        for work in works:
            if not self._free:  # a run that came with the bell while the last slot went
                self._backend.give_back([work])
                continue
            slot, capture = self._free.pop()
            going = ConcurrentRun(
                work, slot, capture, ProgressThrottle(work.id, self.report_progress)
            )
            self._active[work.id_words[1]] = going
            going.begin_slot()
            self.launch(going)

    def collect(self) -> int:
        self._check_stops()
        while self._reports:
            self._backend.report_progress(*self._reports.popleft())
        while self._faults:
            self._backend.report_fault(*self._faults.popleft())
        count = 0
        while self._ended:
            self._conclude(self._ended.popleft())
            count += 1
        return count

    def running_count(self) -> int:
        return len(self._active)

    def fds(self) -> Sequence[int]:
        return (self._wake_fd, *super().fds())

    def clear_wakeups(self) -> None:
        super().clear_wakeups()
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake_fd)

    # -- ends and stops ------------------------------------------------------------------------

    def _conclude(self, going: ConcurrentRun) -> None:
        outcome = going.outcome
        elapsed_s = (time.monotonic_ns() - going.started_ns) / 1e9
        outcome.ended_at = outcome.started_at + elapsed_s
        if going.stop_requested:
            outcome_of_call.record_stop(outcome, self._backend.read_intent(going.leased_run.id))
        going.capture.store_output(outcome)
        self._backend.outcomes.add(outcome)
        going.slot.end()
        del self._active[going.leased_run.id_words[1]]
        self._free.append((going.slot, going.capture))
        self._runs += 1

    def _check_stops(self) -> None:
        for run_lo, going in self._active.items():
            if not going.stop_requested and going.slot.stop_word == run_lo:
                going.stop_requested = True
                going.current_run.stopping = True
                self.request_stop(going)
