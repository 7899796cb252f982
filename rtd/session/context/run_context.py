"""The current run, as the task in it sees it, and the faults that an app's code causes."""

import contextvars
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import time
from typing import Any, Final, Protocol
from weakref import WeakSet

from rtd.common.text_of import show_value
from rtd.model.app_info import AppFault
from rtd.model.run_record import HEADERS
from rtd.session.context.user_events import USER_EVENTS, encode_event
from rtd.session.core.app_errors import describe_error
from rtd.session.core.default_session import default_session

#: Larger whole numbers are stored as floats.
_INT_LIMIT: Final = 1 << 63
#: Receives a progress report: (done, total, text).
ProgressReporter = Callable[[float, float | None, str], None]
#: Receives a fault: (kind, what, message, halts).
FaultSink = Callable[[str, str, str, bool], None]


class StopHolder(Protocol):
    """Holds the stop of a run back; see `rtd.session.context.postpone_shutdown`."""

    def postpone(self) -> None:
        """Hold stops back from here on. Raises RuntimeError in a thread that the run started."""

    def resume(self) -> None:
        """End the latest `postpone`. Raises Stopped when a stop came meanwhile."""


class CurrentRun:
    """The run that this code is part of.

    Attributes:
        id: the run's id.
        task: the task's name.
        attempt: 1 for the first try.
        stopping: true as soon as the run must stop; a task in the thread lane
            that computes for long should check this now and then.
        ended: what the run has left behind may see this: its output goes to the daemon's log, and
            its progress nowhere.
        started: the threads and asyncio tasks that the run has started, as long as others refer
            to them; None: none so far.
        stops: what `rtd.unstoppable` holds back; None: nothing.
    """

    __slots__ = (
        "_opts", "_report", "attempt", "ended", "id", "started", "stopping", "stops", "task",
    )  # fmt: skip

    def __init__(
        self,
        run_id: str,
        task: str,
        attempt: int,
        report: ProgressReporter,
        opts: Mapping[str, Any] | None = None,
    ) -> None:
        self.id = run_id
        self.task = task
        self.attempt = attempt
        self.stopping = self.ended = False
        self.started: WeakSet[Any] | None = None
        self.stops: StopHolder | None = None
        self._report = report
        self._opts = opts

    @property
    def headers(self) -> dict[str, str]:
        """The headers of its submit, such as the id of a trace; a copy, empty without any."""
        return dict((self._opts or {}).get(HEADERS) or {})

    def add_started(self, one: Any) -> None:
        """Remember a thread or an asyncio task that this run starts."""
        if self.started is None:
            self.started = WeakSet()
        self.started.add(one)

    def list_started(self) -> list[Any]:
        """Return what this run has started and others still refer to; from any thread."""
        while self.started is not None:
            # Another thread may add one meanwhile, or let one go.
            with suppress(RuntimeError):
                return list(self.started)
        return []

    def emit(self, event: str, data: Any = None) -> None:
        """Publish an event of this run; see `rtd.Task.emit`."""
        blob = encode_event(event, data, self.id, self.task, self.attempt)
        if self.id and not self.ended and USER_EVENTS.sink is not None:
            USER_EVENTS.sink(self.id, self.task, blob)

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        """Report how far the run is; `rtctl ls` shows it.

        Args:
            done: how much is done, in any unit. It may be more than `total`, which is often an
                estimate: `rtctl ls` shows `120% 12/10`.
            total: how much there is, in the same unit; None when that is unknown. 0 when there is
                nothing to do: 0 of 0 is 100%.
            text: the current step, one short line.

        Of more than five reports a second some are left out; the newest is kept.

        Raises:
            TypeError: `done` or `total` is no number.
            ValueError: one of them is negative or not finite.
        """
        done = _amount("done", done)
        total = None if total is None else _amount("total", total)
        if not self.ended:
            self._report(done, total, text)


def _amount(name: str, value: Any) -> float:
    """Return a number that every part of rtd can store and show."""
    if not isinstance(value, int | float):
        if not hasattr(value, "__float__"):
            raise TypeError(f"progress: {name} must be a number, not {show_value(value)}")
        value = float(value)  # of decimal, fractions and numpy
    if not 0 <= value <= sys.float_info.max:
        raise ValueError(
            f"progress: {name} must be a finite number, 0 or more, not {show_value(value)}"
        )
    return float(value) if value >= _INT_LIMIT else value


_NO_RUN: Final = CurrentRun("", "", 0, lambda done, total, text: None)
_current: Final[contextvars.ContextVar[CurrentRun | None]] = contextvars.ContextVar(
    "rtd_current_run", default=None
)
enter_run = _current.set
leave_run = _current.reset
find_run = _current.get


def current_run() -> CurrentRun:
    """Return the run that this code is part of.

    Raises:
        LookupError: outside a run, e.g. at import or in a plain test.
    """
    run = _current.get()
    if run is None:
        raise LookupError("this code is not part of a run of rtd")
    return run


def emit(event: str, data: Any = None) -> None:
    """Publish an event of the current run, see `rtd.Task.emit`."""
    (_current.get() or _NO_RUN).emit(event, data)


def progress(done: float, total: float | None = None, text: str = "") -> None:
    """Report progress of the current run, see `CurrentRun.progress`.

    Outside a run it only checks the numbers, so tasks stay testable.
    """
    (_current.get() or _NO_RUN).progress(done, total, text)


class _Faults:
    """Where this process sends faults.

    Attributes:
        sink: set in an executor; None where the app is imported, or used without a daemon.
    """

    def __init__(self) -> None:
        self.sink: FaultSink | None = None


FAULTS: Final = _Faults()


def report_fault(kind: str, what: str, error: BaseException | str, *, halts: bool = False) -> None:
    """Report a failure of the app's code that must stop nothing: `rtctl status` shows it.

    Outside an executor the default session notes it. Raises nothing, except the stop of a run
    that must end meanwhile.

    Args:
        kind: `condition`, `parameter`, `hook`, `loader`, `log`, `settings`, `task` or `timezone`.
        what: a short name within the kind.
        error: the exception, or a sentence.
        halts: no task starts by its condition from now on, until `rtctl enable --all`.
    """
    message = error if isinstance(error, str) else describe_error(error)
    # A file's name may hold characters that UTF-8 does not have.
    message, what = (t.encode(errors="backslashreplace").decode() for t in (message, what))
    if FAULTS.sink is not None:
        FAULTS.sink(kind, what, message, halts)
    else:
        default_session().faults.append(AppFault(kind, what, message, time()))
