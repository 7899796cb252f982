"""How a run in this process ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from rtd.common.msgpack_values import unpack
from rtd.model.run_states import STATE_BY_CHAR
from rtd.testing.call_attempt import EndedAttempt
from rtd.testing.capture_reports import Progress, RunReports, UserEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutcome:
    """How a run ended.

    Attributes:
        task: the name of the task.
        run: the id of the run.
        state: `succeeded`, `error`, `exception` or `cancelled` (by `rtd.Skip`).
        result: the returned value as a client gets it: packed and unpacked; None without a
            success.
        error: the exception of the latest attempt; None after a success and after `rtd.Skip`.
        why: one sentence for a run without success.
        note: what else the record of the latest attempt says; None: nothing.
        attempt: the number of the latest attempt, from 1.
        events: what `emit` has published, (event, data) each.
        progress: each report, (done, total, text).
        faults: what failed beside the task: hooks, middleware, parameters.
    """

    task: str
    run: str
    state: str
    result: Any
    error: BaseException | None
    why: str
    note: str | None
    attempt: int
    events: tuple[UserEvent, ...]
    progress: tuple[Progress, ...]
    faults: tuple[str, ...]

    def __bool__(self) -> bool:
        """True when the run succeeded."""
        return self.state == "succeeded"

    def raise_for_error(self) -> Self:
        """Raise `error` if there is one. Returns this outcome."""
        if self.error is not None:
            raise self.error
        return self


def outcome_of(attempted: EndedAttempt, reports: RunReports) -> TaskOutcome:
    """Return the outcome of a run, of which this is the latest attempt."""
    outcome = attempted.outcome
    work = outcome.leased_run
    return TaskOutcome(
        task=work.task,
        run=work.id,
        state=str(STATE_BY_CHAR[outcome.state]),
        result=None if outcome.result is None else unpack(outcome.result),
        error=attempted.error,
        why=outcome.why,
        note=outcome.note,
        attempt=work.attempt_number,
        events=tuple(reports.events),
        progress=tuple(reports.progress),
        faults=tuple(reports.faults),
    )
