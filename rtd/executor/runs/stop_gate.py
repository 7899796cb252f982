"""The way of a stop into an executor that carries out one run at a time.

The zygote names the run on the board and sends SIGTERM. The handler runs in
the main thread between two steps of the task and either calls the task's own `stop` or
raises `Stopped` there. A stop for another run (it ended meanwhile) means nothing.
"""

from collections.abc import Callable
from typing import Any

from rtd.common.stdlib.originals import threading
from rtd.process.board.board import RETIRE_WORD
from rtd.process.board.slot import Slot
from rtd.session.context.run_context import CurrentRun
from rtd.session.core.app_errors import Stopped


class StopGate:
    """The stop of the current run.

    Attributes:
        stop_requested: a stop of the current run has come, and decides how it ends.
        stop_failure: what the task's own `stop` has raised.
    """

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._run_lo = 0
        self._run: CurrentRun | None = None
        self._inside = False
        self._shields = 0
        self._own_stop: Callable[[], None] | None = None
        self._delivered = self._decided = False
        self.stop_requested = False
        self.stop_failure: BaseException | None = None

    @property
    def retiring(self) -> bool:
        """Whether this executor must take no more runs."""
        return self._slot.retiring

    def begin_run(self, run_lo: int, run: CurrentRun) -> None:
        """Begin a run."""
        self._run_lo = run_lo
        self._run = run
        self._own_stop = None
        self.stop_requested = self._delivered = self._decided = False
        self.stop_failure = None

    def on_term(self) -> None:
        """Handle SIGTERM. Raises Stopped when the task's code must end here."""
        word = self._slot.stop_word
        if word == RETIRE_WORD or word != self._run_lo:
            return
        self.stop_requested = not self._decided
        if self._run is not None:
            self._run.stopping = True
        if self._inside and not self._shields:
            self._deliver_stop()

    def is_stop_requested(self) -> bool:
        """Return `stop_requested` as it is now: a signal can change it at any time."""
        return self.stop_requested

    def _deliver_stop(self) -> None:
        if self._delivered:
            return
        self._delivered = True
        if self._own_stop is None:
            raise Stopped("this run was asked to stop")
        try:
            self._own_stop()
        except BaseException as error:
            self.stop_failure = error
            raise Stopped("this run was asked to stop, and its stop() failed") from error

    def set_own_stop(self, stop: Callable[[], Any]) -> None:
        """Use the `stop` of the task's class instead of an exception."""
        self._own_stop = stop

    def clear_own_stop(self) -> None:
        """Use an exception again: the task's class has returned from its `start`."""
        self._own_stop = None

    def decide(self) -> bool:
        """Let no later stop decide how the run ends: its code has ended by itself. A stop ends only
        what is still called in it.

        Returns False when a stop was faster.
        """
        self._decided = not self.stop_requested
        return self._decided

    def enter_task(self) -> None:
        """Enter the task's code. Raises Stopped when the stop was faster."""
        self._inside = True
        if self.stop_requested or self._slot.stop_word == self._run_lo:
            self.stop_requested = not self._decided
            self._deliver_stop()

    def reset_in_child(self) -> None:
        """Forget the executor's way to stop, in a child that was forked for this run."""
        self._own_stop = None
        self._delivered = self._inside = False

    def leave_task(self) -> None:
        """Leave the task's code."""
        self._inside = False

    def end_run(self) -> None:
        """End the run; a later stop means nothing."""
        self._run_lo = 0
        self._run = None
        self._own_stop = None

    def postpone(self) -> None:
        """Hold stops back, for a task. Raises RuntimeError in a thread that the run started."""
        if threading.get_ident() != threading.main_thread().ident:
            raise RuntimeError(
                "rtd.unstoppable() is for the main thread of a run, and this is"
                f" {threading.current_thread().name!r}"
            )
        self.shield()

    def resume(self) -> None:
        """End a `postpone`. Raises Stopped when a stop came meanwhile."""
        self.unshield()

    def shield(self) -> None:
        """Hold stops back: rtd's own work in the task's frame (a report) must not be torn."""
        self._shields += 1

    def unshield(self) -> None:
        """End a `shield`. Raises Stopped when a stop came meanwhile."""
        self._shields -= 1
        is_due = self.stop_requested or (self._run is not None and self._run.stopping)
        if is_due and self._inside and not self._shields:
            self._deliver_stop()
