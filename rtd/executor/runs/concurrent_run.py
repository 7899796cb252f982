"""One of several runs that go on at once in a process."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from rtd.common.stdlib.originals import threading
from rtd.executor.aspects.run_aspects import AspectCalls
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.output.scratch_file import ScratchFile
from rtd.process.board.slot import Slot
from rtd.session.context.run_context import CurrentRun, ProgressReporter


class RoutedRun(CurrentRun):
    """A run in a shared process, with the file for its output."""

    __slots__ = ("scratch",)

    def __init__(self, work: LeasedRun, report: ProgressReporter, scratch: ScratchFile) -> None:
        super().__init__(work.id, work.task, work.attempt_number, report, work.opts)
        self.scratch = scratch


class RunPlace(NamedTuple):
    """Room for one run."""

    slot: Slot
    scratch: ScratchFile
    steps: AspectCalls


#: Held while it is decided how a run ends: by its code, or by a stop.
_DECIDING: Final = threading.Lock()


class ConcurrentRun:
    """A run that is going on.

    Attributes:
        own_stop: the `stop` of a class task's instance, while its `start` is called.
        stop_requested: a stop has come, and decides how the run ends.
        thread: the ident of the thread that carries it out, or whose event loop does.
    """

    __slots__ = (
        "_decided", "_postponed", "_request_stop", "_shields", "current_run", "leased_run",
        "outcome", "own_stop", "place", "stop_requested", "thread",
    )  # fmt: skip

    def __init__(
        self,
        work: LeasedRun,
        place: RunPlace,
        report: ProgressReporter,
        request_stop: Callable[["ConcurrentRun"], None],
    ) -> None:
        self.leased_run = work
        self._request_stop = request_stop
        self._shields = 0
        self._postponed = False
        self.thread: int | None = None
        self.place = place
        self.current_run = RoutedRun(work, report, place.scratch)
        self.current_run.stops = self
        self.outcome = AttemptOutcome(work)
        self.stop_requested = self._decided = False
        self.own_stop: Callable[[], Any] | None = None

    def decide(self) -> bool:
        """Let no later stop decide how the run ends: its code has ended by itself.

        Returns False when a stop was faster.
        """
        with _DECIDING:
            self._decided = not self.stop_requested
            return self._decided

    def delivers_outcome(self) -> bool:
        """Return whether middleware hears now how the run has ended; then it has ended so."""
        work = self.leased_run
        return work.has_middleware and self.decide() and not work.deliver_later

    def begin_stop(self) -> None:
        """Let a stop decide how the run ends, unless its code has ended by itself; and request it,
        unless the task holds it back."""
        with _DECIDING:
            self.stop_requested = not self._decided
            self.current_run.stopping = True
            self._postponed = self._shields > 0
            is_due = not self._postponed
        if is_due:
            self._request_stop(self)

    def postpone(self) -> None:
        """Hold stops back. Raises RuntimeError in a thread that the run started."""
        if threading.get_ident() != self.thread:
            name = threading.current_thread().name
            raise RuntimeError(
                f"rtd.unstoppable() is for the run's own thread, and this is {name!r}"
            )
        with _DECIDING:
            self._shields += 1

    def resume(self) -> None:
        """End a `postpone`, and request a stop that came meanwhile."""
        with _DECIDING:
            self._shields -= 1
            is_due = self._postponed and not self._shields
            if is_due:
                self._postponed = False
        if is_due:
            self._request_stop(self)

    def set_own_stop(self, stop: Callable[[], Any]) -> None:
        """Call this to end the run, and raise nothing in it. A stop before this raises."""
        with _DECIDING:
            if not self.current_run.stopping:
                self.own_stop = stop

    def clear_own_stop(self) -> None:
        """Raise `Stopped` in the run again."""
        self.own_stop = None
