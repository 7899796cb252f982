"""Several runs at once in one process: the base of the lanes `thread` and `async`.

The main thread is the coordinator: it alone uses Redis and the board and ends the scratch
files. Runs go on in other threads and come back through a queue and an eventfd. Their aspects
are entered and left by the coordinator, so those of a process (limits, title) do not fit here.
"""

import contextlib
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rtd.common.stdlib.originals import os
from rtd.executor.aspects.board_slot import BoardSlot
from rtd.executor.aspects.run_aspects import steps_of
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.fetch_parameters import fetch_parameters
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.core.record_stop import record_stop
from rtd.executor.lanes.base_lane import BaseLane, DescriptorsLost, LaneParts
from rtd.executor.lanes.run_stops import RunStops
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.runs.concurrent_run import ConcurrentRun, RoutedRun, RunPlace
from rtd.executor.runs.progress import ProgressThrottle
from rtd.executor.runs.unfinished import note_unfinished
from rtd.model.output_files import Places, file_place
from rtd.process.traits.descriptors import stdio_as_now
from rtd.session.context import run_context

_FDS_NOTE: Final = (
    "rtd's own file descriptors were closed by this run or another one of its process"
    " (os.closerange, or what makes a daemon of its process): this executor ends"
)


#: Runs that are taken, and ends that are written, in one round trip: the others need their turn.
_BATCH: Final = 200


class ConcurrentLane(BaseLane):
    """Carries out several runs at once; a subclass launches them and stops them."""

    def __init__(self, parts: LaneParts) -> None:
        super().__init__(parts)
        self._free = [
            RunPlace(
                slot, output.scratch, steps_of([BoardSlot(slot), self._backend.outcomes, output])
            )
            for slot, output in zip(parts.slots, parts.captures, strict=True)
        ]
        self._stops = RunStops(parts.slots)
        self._active: dict[int, ConcurrentRun] = {}
        self._ended: deque[ConcurrentRun] = deque()
        self._reports: deque[tuple[str, bytes]] = deque()
        self._events: deque[tuple[str, str, bytes]] = deque()
        self._faults: deque[tuple[str, str, str, bool]] = deque()
        self._traits = self._process_traits(stdio_as_now())
        self._open_wake_fd()
        #: The coordinator waits, and a signal may end that.
        self._waiting = False
        #: A task has closed rtd's descriptors, and the coordinator has not yet seen it.
        self._fds_lost = False
        self._signals.on_alarm = self._on_alarm

    @abstractmethod
    def launch(self, active: ConcurrentRun) -> None:
        """Start a run. Calls `on_finished` from any thread when the run is over."""

    @abstractmethod
    def request_stop(self, active: ConcurrentRun) -> None:
        """Ask a run to end. Called once for a run, by the coordinator or in the run's thread."""

    def call_in_loop(self, call: Callable[[], None]) -> bool:
        """Have the event loop that all runs share call a function. Returns False: there is none."""
        return False

    def on_finished(self, active: ConcurrentRun) -> None:
        """Take back a run whose outcome has its state, result and error; from any thread."""
        self._ended.append(active)
        self._wake()

    def route(self) -> ScratchFile | None:
        run = run_context.find_run()
        return run.scratch if isinstance(run, RoutedRun) and not run.ended else None

    def report_progress(self, run_id: str, blob: bytes) -> None:
        self._reports.append((run_id, blob))
        self._wake()

    def report_fault(self, kind: str, what: str, message: str, halts: bool) -> None:
        self._faults.append((kind, what, message, halts))
        self._wake()

    def publish_event(self, run_id: str, task: str, event: bytes) -> None:
        self._events.append((run_id, task, event))
        self._wake()

    def _wake(self) -> None:
        """Wake the coordinator, from any thread. Without this it would wait for ever."""
        if file_place(self._wake_fd) == self._wake_place:
            os.eventfd_write(self._wake_fd, 1)
        else:  # a task has closed it
            self._fds_lost = True
            self._interrupt_coordinator()

    def _interrupt_coordinator(self) -> None:
        self._signals.interrupt()

    def _open_wake_fd(self) -> None:
        self._wake_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._wake_place = file_place(self._wake_fd)

    def _own_fds(self) -> Places:
        return super()._own_fds() | {self._wake_fd: self._wake_place}

    def replace_lost_fds(self) -> bool:
        found = super().replace_lost_fds()
        self._fds_lost = False
        return found

    def _replace_fds(self) -> None:
        super()._replace_fds()
        self._open_wake_fd()
        for active in self._active.values():
            active.outcome.add_note(_FDS_NOTE)

    def _on_alarm(self) -> None:
        self._check_wait()

    def _check_wait(self) -> None:
        if self._fds_lost and self._waiting:
            raise DescriptorsLost

    # -- what the loop calls -----------------------------------------------------------------

    def room(self) -> int:
        return min(len(self._free), _BATCH)

    def start(self, works: Sequence[LeasedRun]) -> None:
        filled = [work for work in works if work.resolver is not None]
        if filled:
            fetch_parameters(self._backend, filled)
        for work in works:
            if not self._free:  # a run that came with the bell while the last slot went
                self._backend.give_back([work])
                continue
            throttle = ProgressThrottle(work.id, self.report_progress)
            active = ConcurrentRun(work, self._free.pop(), throttle, self.request_stop)
            self._stops.begin_run(active.place.slot.index)
            self._active[work.id_words[1]] = active
            if work.attempts and work.has_middleware:
                work.deliver_later = self._backend.is_undelivered(work.id)
            for enter in active.place.steps.enters:
                enter(active.outcome)
            self.launch(active)

    def collect(self) -> None:
        if self._fds_lost:
            self.replace_lost_fds()
        self._stops.begin_new(self._active)
        if self.retiring():
            self._stops.probe_loop(self.call_in_loop)
        while self._reports:
            self._backend.reports.report_progress(*self._reports.popleft())
        while self._events:
            self._backend.reports.publish_event(*self._events.popleft())
        while self._faults:
            self._backend.reports.report_fault(*self._faults.popleft())
        self._conclude_ended()

    def running_count(self) -> int:
        return len(self._active)

    def fds(self) -> Sequence[int]:
        found = (self._wake_fd, *super().fds())
        self._waiting = True
        self._check_wait()
        return found

    def clear_wakeups(self) -> None:
        self._waiting = False
        if self._fds_lost:
            return
        super().clear_wakeups()
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake_fd)

    def prepare_next(self) -> None:
        if not self._active:
            self._traits.on_idle()

    # -- ends and stops ------------------------------------------------------------------------

    def _conclude_ended(self) -> None:
        """Conclude the runs that have ended: a batch, the others at the next turn."""
        ended = deque(self._ended.popleft() for _ in range(min(len(self._ended), _BATCH)))
        if self._ended:
            self._wake()
        for active in ended:
            active.current_run.ended = True
            active.outcome.end()
        stopped = [active.leased_run.id for active in ended if active.stop_requested]
        intents = self._backend.read_intents(stopped) if stopped else {}
        try:
            while ended:
                self._conclude(ended.popleft(), intents)
        finally:
            self._ended.extendleft(reversed(ended))

    def _conclude(self, active: ConcurrentRun, intents: Mapping[str, Any]) -> None:
        outcome = active.outcome
        if active.current_run.started is not None:
            note_unfinished(outcome, active.current_run)
        if len(self._active) == 1:  # it was the last: what it has changed is no other run's now
            self._restore_process(outcome)
        if active.stop_requested:
            record_stop(outcome, intents[active.leased_run.id])
        for leave in active.place.steps.leaves:
            try:
                leave(outcome)
            except OSError:  # the descriptors were closed just now
                if not self.replace_lost_fds():
                    raise
                leave(outcome)
        del self._active[active.leased_run.id_words[1]]
        self._free.append(active.place)
        self._runs += 1

    def _restore_process(self, outcome: AttemptOutcome) -> None:
        """Put this process right, behind the last run that went on in it."""
        self._traits.leave_shared(outcome)
