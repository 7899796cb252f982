"""The base of all lanes: what the pull loop calls, and what all lanes do alike."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

from rtd.common.stdlib.originals import os
from rtd.executor.aspects.process_traits import ExecutorParts, ProcessTraits
from rtd.executor.core.backend import Backend
from rtd.executor.core.executor_options import ExecutorContext
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.output.capture import Capture
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.runs.process_hooks import ProcessHooks
from rtd.model.output_files import Places
from rtd.process.board.slot import Slot
from rtd.process.traits.descriptors import are_lost
from rtd.process.traits.trait import Trait
from rtd.session.core.session_state import SessionTask

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class LaneParts(NamedTuple):
    """The parts that a lane is made of.

    Attributes:
        slots: on the board, one for each run that may go on at once.
        captures: the output of these slots, in the same order.
        tasks: the app's tasks by name; empty without an app.
        hooks: of the app, around its processes; None: it has none.
    """

    context: ExecutorContext
    backend: Backend
    slots: Sequence[Slot]
    captures: Sequence[Capture]
    tasks: Mapping[str, SessionTask]
    hooks: ProcessHooks | None = None


class DescriptorsLost(Exception):
    """A task has closed rtd's descriptors while the pull loop waited on them."""


class BaseLane(ABC):
    """The runs of one executor. A new lane is a subclass in a module of this folder and a row
    in `rtd.model.lanes.LANES`.

    `start` of a serial lane returns when its runs are over. `start` of a concurrent lane
    returns at once, and one of `fds` becomes readable when a run is over.

    Attributes:
        calls_app: code of the app runs in this very process.
    """

    calls_app: ClassVar[bool] = True

    def __init__(self, parts: LaneParts) -> None:
        self._lane = parts.context.lane
        self._options = parts.context.options
        self._signals = parts.context.signals
        self._backend = parts.backend
        self._slots = parts.slots
        self._captures = parts.captures
        #: Runs so far that count for `max_runs`.
        self._runs = 0
        #: Whether this process is not as the next run must find it.
        self._must_recycle = False

    def _process_traits(self, stdio: Trait) -> ProcessTraits:
        """Return what puts this process right after a run that has changed it."""
        return ProcessTraits(
            ExecutorParts(stdio, self._own_fds, self._replace_fds, self._on_spoiled)
        )

    def _own_fds(self) -> Places:
        backend = self._backend
        found = self._signals.own_fds() | backend.connections.own_fds()
        found |= backend.outcomes.own_fds()
        found |= self._captures[0].segments.own_fds()  # they share it
        for capture in self._captures:
            if capture.scratch.fd >= 0:  # of thousands of slots, few have a file
                found |= capture.scratch.own_fds()
        return found

    def _replace_fds(self) -> None:
        self._signals.replace_fds()
        self._backend.connections.abandon()
        self._backend.outcomes.replace_fds()
        for capture in self._captures:
            capture.replace_fds()

    def replace_lost_fds(self) -> bool:
        """Open rtd's descriptors again if code of a task has closed some. Returns whether it
        had; this executor then ends after its runs."""
        if not are_lost(self._own_fds):
            return False
        self._on_spoiled()
        self._replace_fds()
        return True

    def _on_spoiled(self) -> None:
        self._must_recycle = True

    def run_loop(self, loop: Callable[[], int]) -> int:
        """Call the pull loop until its end, in the thread that coordinates the runs. Returns the
        exit code that it returns."""
        return loop()

    @abstractmethod
    def room(self) -> int:
        """Return how many more runs should be taken now."""

    @abstractmethod
    def start(self, works: Sequence[LeasedRun]) -> None:
        """Carry out runs. The outcome of each is added to `backend.outcomes`."""

    @abstractmethod
    def route(self) -> ScratchFile | None:
        """Return where the calling code's output goes; None outside of runs."""

    @abstractmethod
    def report_progress(self, run_id: str, blob: bytes) -> None:
        """Write a progress report; called from the task's own code."""

    @abstractmethod
    def publish_event(self, run_id: str, task: str, event: bytes) -> None:
        """Publish an event; called from the task's own code."""

    @abstractmethod
    def report_fault(self, kind: str, what: str, message: str, halts: bool) -> None:
        """Write a fault of the app; called from the app's own code."""

    def collect(self) -> None:  # noqa: B027
        """Hand the outcomes of other threads to the backend."""

    def running_count(self) -> int:
        """Return how many runs are going on."""
        return 0

    def fds(self) -> Sequence[int]:
        """Return what becomes readable when a run ends or a signal comes. Called before each
        wait."""
        self._signals.arm_wakeup()
        return (self._signals.wakeup_fd,)

    def clear_wakeups(self) -> None:
        """Forget the signals and ends of runs that woke the last wait."""
        self._signals.drain()

    def retiring(self) -> bool:
        """Return whether the supervisor wants this executor to take no more runs."""
        return self._slots[0].retiring

    def should_recycle(self) -> bool:
        """Return whether this executor should end and be replaced: it has had all its runs, or
        has too much memory, or a run has spoiled it."""
        options = self._options
        if self._must_recycle or (options.max_runs and self._runs >= options.max_runs):
            return True
        # An app that is larger than the limit by itself must still have a run.
        limit_bytes = options.max_memory_bytes if self._runs else 0
        return bool(limit_bytes) and _resident_bytes() > limit_bytes

    def prepare_next(self) -> None:  # noqa: B027
        """Make ready what the next run needs, while there is nothing else to do."""

    def close(self) -> None:  # noqa: B027
        """End the lane: there will be no more runs."""


def _resident_bytes() -> int:
    """Return the resident memory of this process."""
    with open("/proc/self/statm", "rb", buffering=0) as file:
        return int(file.readall().split()[1]) * _PAGE_BYTES
