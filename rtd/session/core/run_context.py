"""The current run, as the task in it sees it, and the faults that an app's code causes."""

import contextvars
from collections.abc import Callable
from time import time
from typing import Any, Final
from weakref import WeakSet

from rtd.model.app_info import AppFault
from rtd.session.core.app_errors import describe_error
from rtd.session.core.default_session import default_session

#: Receives a progress report: (done, total, text).
ProgressReporter = Callable[[float, float | None, str], None]
#: Receives a fault: (kind, what, message, halts).
FaultSink = Callable[[str, str, str, bool], None]


class CurrentRun:
    """The run that this code is part of.

    Attributes:
        id: the run's id.
        task: the task's name.
        attempt: 1 for the first try.
        stopping: true from the moment the run was asked to stop; a task in the thread lane
            that computes for long should check this now and then.
        ended: what the run has left behind may see this: its output goes to the daemon's log, and
            its progress nowhere.
        started: the threads and asyncio tasks that the run has started, as long as others refer
            to them; None: none so far.
    """

    __slots__ = ("_report", "attempt", "ended", "id", "started", "stopping", "task")

    def __init__(self, run_id: str, task: str, attempt: int, report: ProgressReporter) -> None:
        self.id = run_id
        self.task = task
        self.attempt = attempt
        self.stopping = self.ended = False
        self.started: WeakSet[Any] | None = None
        self._report = report

    def add_started(self, one: Any) -> None:
        """Remember a thread or an asyncio task that this run starts."""
        if self.started is None:
            self.started = WeakSet()
        self.started.add(one)

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        """Report how far the run is; `rtctl ls` shows it.

        Args:
            done: how much is done, in any unit.
            total: how much there is, in the same unit; None when that is unknown.
            text: the current step, one short line.

        Of more than five reports a second some are left out; the newest is kept.
        """
        if not self.ended:
            self._report(done, total, text)


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


def progress(done: float, total: float | None = None, text: str = "") -> None:
    """Report progress of the current run. Does nothing outside a run, so tasks stay testable."""
    run = _current.get()
    if run is not None:
        run.progress(done, total, text)


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
        kind: `condition`, `parameter`, `hook`, `loader`, `log`, `task` or `timezone`.
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
