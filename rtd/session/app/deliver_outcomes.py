"""Delivers to middleware how attempts ended that rtd itself has ended: rtd's own run `@outcomes`.

The attempts are in the record already, so their states stay as they are.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from rtd.common.msgpack_values import unpack
from rtd.model.manifest import TaskInfo
from rtd.model.run_record import RunRecord, attempt_fields, decode_record, pack_spec
from rtd.model.run_states import RunState
from rtd.session.context.run_context import current_run, report_fault
from rtd.session.core.session_state import SessionState
from rtd.session.middleware.chain import MiddlewareChain, MiddlewareRun
from rtd.session.middleware.outcome_scope import outcome_scope
from rtd.session.middleware.process_outcome import aborted, process_outcome
from rtd.session.middleware.task_view import AttemptEnd, TaskView

#: No further one begins after so long, so that a slow one has most of the time to itself.
_BATCH_S: Final = 5.0
_SUCCEEDED: Final = RunState.SUCCEEDED


def deliver_outcomes(session: SessionState, records: Sequence[bytes]) -> dict[str, Any]:
    """Deliver these attempts to their middleware, in their order.

    Args:
        records: of runs, each after the attempt that has ended.

    Returns:
        `delivered`: how many; less than all when they took long, or after a request to stop, when
        the last one took too long.
    """
    delivered, until_s = 0, time.monotonic() + _BATCH_S
    for blob in records:
        _deliver(session, decode_record(blob))
        delivered += 1
        if current_run().stopping or time.monotonic() > until_s:
            break
    return {"delivered": delivered}


def _deliver(session: SessionState, record: RunRecord) -> None:
    task = session.tasks.get(record.spec.task)
    if task is None:  # the app does not have it any more
        info, chain = TaskInfo(record.spec.task), None
    else:
        info, chain = task.definition.info, task.definition.middleware
    chain = chain or MiddlewareChain(session.middleware, (), info, session.run_scope)
    end = _end_of(record)
    earlier, last = record.attempts[:-1], (record.attempts or (None,))[-1]
    view = TaskView(
        info,
        info.policies.overlay(record.spec.opts),
        pack_spec(record.spec),
        [attempt_fields(attempt) for attempt in earlier],
        max(len(record.attempts), 1),
        last.started_at if last is not None else record.spec.submitted_at,
        lambda: end,
    )
    run: MiddlewareRun = chain.begin(view, lambda note: None)
    error = None
    if end.state == _SUCCEEDED:
        if record.end is not None and record.end.result is not None:
            view.__dict__["result"] = unpack(record.end.result)
    else:
        was_stopped = end.state == RunState.TERMINATED and last is not None and last.exit is None
        error = aborted(end.why, end.state, end.by, was_stopped=was_stopped)
    with outcome_scope(run, error):
        process_outcome(run, error, is_final=True)
    if current_run().stopping:
        what = f"process_outcome of run {record.spec.id}"
        report_fault("middleware", what, "it took too long and was stopped")


def _end_of(record: RunRecord) -> AttemptEnd:
    """Return how the last attempt ended."""
    if record.end is not None:
        end = record.end
        return AttemptEnd(str(record.state), end.why, end.by, will_retry=False, is_final=True)
    attempt = record.attempts[-1]
    by, why = (attempt.error or ["rtd", attempt.note or "", ""])[:2]
    return AttemptEnd(str(attempt.state), why, by, will_retry=True, is_final=True)
