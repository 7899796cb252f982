"""`TASKER_EAGER`: `apply` carries the task out at once, for tests of the web app.

Parameters and results are packed as in the daemon, so that what cannot be stored fails here, too.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from contextvars import copy_context
from time import time
from typing import Any, Final, Self

from rtctl.client.errors import RunFailed
from rtctl.client.run_base import RunBase, dict_of
from rtctl.client.submit_options import to_wire
from rtd.common.errors import NoSuchRun, WrongState
from rtd.common.ids import new_id
from rtd.executor.core.leased_run import LeasedRun
from rtd.flask.core.app_registry import EAGER
from rtd.flask.core.engines import roll_back_session
from rtd.model.run_record import encode_record
from rtd.session.context.run_context import enter_run
from rtd.session.session import Session
from rtd.testing.call_attempt import call_attempt
from rtd.testing.capture_reports import Progress, RunReports, UserEvent
from rtd.testing.new_run import new_run
from rtd.testing.prepared_app import PreparedApp
from rtd.testing.task_outcome import TaskOutcome, outcome_of

log: Final = logging.getLogger("rtd.flask")
#: So many runs can be read by their ids.
_KEPT: Final = 1000


class EagerRun(RunBase):
    """A run that `apply` has carried out: over when it is returned.

    It has the values and methods of `rtctl.Run` that a view uses.
    """

    __slots__ = ("_error", "_key", "_outcome", "_times")

    def __init__(
        self,
        outcome: TaskOutcome,
        error: Any,
        key: str | None,
        times: tuple[float, float],
        created: bool = True,
    ) -> None:
        super().__init__(outcome.run, outcome.task, created)
        self._outcome = outcome
        self._error = error
        self._key = key
        self._times = times

    def again(self) -> EagerRun:
        """Return the run as another submit with its key finds it."""
        return EagerRun(self._outcome, self._error, self._key, self._times, created=False)

    @property
    def ended(self) -> bool:
        """True: the run is over."""
        return True

    @property
    def ok(self) -> bool:
        """Whether the run has succeeded."""
        return bool(self._outcome)

    @property
    def state(self) -> str:
        """succeeded, error, exception or cancelled."""
        return self._outcome.state

    @property
    def error(self) -> str | None:
        """One sentence: why the run ended without success; None if it did not."""
        return None if self._outcome else self._outcome.why or f"the run is {self.state}"

    @property
    def progress(self) -> Progress | None:
        """The last report of the run."""
        return self._outcome.progress[-1] if self._outcome.progress else None

    @property
    def emitted(self) -> tuple[UserEvent, ...]:
        """The events that the task has emitted."""
        return self._outcome.events

    def result(self, timeout: float | None = None) -> Any:
        """Return the value that the task returned. Raises RunFailed."""
        if self._outcome:
            return self._outcome.result
        answer: Any = {"state": self.state, "error": self._error, "why": self._outcome.why}
        raise RunFailed(self.id, answer) from self._outcome.error

    def to_dict(self) -> dict[str, Any]:
        """Return the run as `rtctl.Run.to_dict` does."""
        progress, (began, ended) = self.progress, self._times
        row: Any = {
            "id": self.id, "key": self._key, "task": self.task, "state": self.state,
            "attempt": self._outcome.attempt, "why": self._outcome.why,
            "progress": None if progress is None else progress._asdict(),
            "submitted_at": began, "started_at": began, "ended_at": ended,
        }  # fmt: skip
        return dict_of(row, self._outcome.result if self._outcome else None)

    def wait(self, timeout: float | None = None) -> Self:
        """Return at once: the run is over."""
        return self

    def refresh(self) -> Self:
        """Return at once: a run that is over never changes."""
        return self

    def logs(self, **_: Any) -> Iterator[Any]:
        """Yield nothing: the output went where this process writes."""
        return iter(())

    def cancel(self, reason: str = "") -> None:
        """Raise WrongState: the run is over."""
        raise WrongState(f"run {self.id} is {self.state}: it cannot be cancelled any more")


class EagerRunner:
    """Carries out the runs of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._app: PreparedApp | None = None
        #: The runs with a key.
        self._runs: dict[str, EagerRun] = {}
        #: The latest runs, by their ids.
        self._latest: OrderedDict[str, EagerRun] = OrderedDict()

    def get(self, run_id: str) -> EagerRun:
        """Return one of the latest runs, by its id or by its key.

        Raises:
            NoSuchRun: there is none.
        """
        found = self._latest.get(run_id) or self._runs.get(run_id)
        if found is None:
            raise NoSuchRun(f"no run {run_id!r} has been carried out here (TASKER_EAGER)")
        return found

    def run(self, task: str, params: dict[str, Any], options: dict[str, Any]) -> EagerRun:
        """Carry out a run, with its retries but without pauses.

        Raises:
            RtdError: what a submit refuses.
        """
        key, plain = to_wire(options)
        if key is not None and (earlier := self._runs.get(key)) is not None:
            return earlier.again()
        if self._app is None:
            self._app = PreparedApp(self._session)
        record, _ = new_run(self._app, task, new_id(), params, plain, key)
        run = self._carry_out(self._app, encode_record(record), key)
        self._latest[run.id] = run
        if len(self._latest) > _KEPT:
            self._latest.popitem(last=False)
        if key is not None:
            self._runs[key] = run
        return run

    def _carry_out(self, app: PreparedApp, blob: bytes, key: str | None) -> EagerRun:
        reports: Final = RunReports()
        began: Final = time()
        context = copy_context()
        context.run(enter_run, None)
        context.run(EAGER.set, True)
        while True:
            work = LeasedRun(blob, app.session.tasks)
            attempted = call_attempt(work, reports, app.config.limits.result_bytes, context)
            outcome = outcome_of(attempted, reports)
            if not outcome:
                log.error(
                    "task %r, attempt %d: %s", outcome.task, outcome.attempt, outcome.why,
                    exc_info=outcome.error,
                )  # fmt: skip
                context.run(roll_back_session)
            if attempted.outcome.retry_wait_s() is None:
                return EagerRun(outcome, attempted.outcome.error, key, (began, time()))
            blob = attempted.outcome.record("eager", "", again=True)
