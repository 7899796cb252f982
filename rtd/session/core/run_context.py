"""What a task can ask and say about the run it is in."""

import contextvars
from collections.abc import Callable
from time import time
from typing import Final

from rtd.model.app_info import AppFault
from rtd.session.core.default_session import default_session
from rtd.session.core.describe_error import describe_error

#: What carries a progress report away: (done, total, text).
ProgressReporter = Callable[[float, float | None, str], None]
#: What carries a fault away: (kind, what, message, halts).
FaultSink = Callable[[str, str, str, bool], None]


class CurrentRun:
    """The run that this code is part of.

    Attributes:
        id: the run's id.
        task: the task's name.
        attempt: 1 for the first try.
        stopping: true from the moment the run was asked to stop; a task in the thread lane
            that computes for long should look at it now and then.
    """

    __slots__ = ("_report", "attempt", "id", "stopping", "task")

    def __init__(self, run_id: str, task: str, attempt: int, report: ProgressReporter) -> None:
        self.id = run_id
        self.task = task
        self.attempt = attempt
        self.stopping = False
        self._report = report

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        """Say how far the run is; `rtctl ls` shows it.

        Args:
            done: how much is done, in any unit.
            total: how much there is, in the same unit; None when nobody knows.
            text: what is being done, one short line.

        Reports that follow each other faster than five a second are thinned out; the
        newest one is the one that counts.
        """
        self._report(done, total, text)


_current: Final[contextvars.ContextVar[CurrentRun | None]] = contextvars.ContextVar(
    "rtd_current_run", default=None
)
enter_run = _current.set
leave_run = _current.reset
find_run = _current.get


def current_run() -> CurrentRun:
    """The run this code is part of.

    Raises:
        LookupError: outside a run, e.g. at import or in a plain test.
    """
    run = _current.get()
    if run is None:
        raise LookupError("this code is not part of a run of rtd")
    return run


def progress(done: float, total: float | None = None, text: str = "") -> None:
    """`current_run().progress(...)`, and nothing outside a run, so that tasks stay testable."""
    run = _current.get()
    if run is not None:
        run.progress(done, total, text)


class _Faults:
    """Where the faults of this process go.

    Attributes:
        sink: of an executor; None where the app is imported, or used without a daemon.
    """

    def __init__(self) -> None:
        self.sink: FaultSink | None = None


FAULTS: Final = _Faults()


def report_fault(kind: str, what: str, error: BaseException | str, *, halts: bool = False) -> None:
    """Something of the app's has failed where nothing may stop for it: `rtctl status` shows it.

    Outside an executor it is noted in the default session.

    Args:
        kind: `condition`, `parameter`, `hook`, `loader`, `log` or `task`.
        what: names it within its kind, short.
        error: what was raised, or a sentence.
        halts: nothing starts by its condition from now on, until somebody says
            `rtctl enable --all`.

    Never raises, but for the stop of a run that was asked to end meanwhile.
    """
    message = error if isinstance(error, str) else describe_error(error)
    # A file's name may hold what UTF-8 has not.
    message, what = (t.encode(errors="backslashreplace").decode() for t in (message, what))
    if FAULTS.sink is not None:
        FAULTS.sink(kind, what, message, halts)
    else:
        default_session().faults.append(AppFault(kind, what, message, time()))
