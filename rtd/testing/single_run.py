"""`run_task`: carries out one run of a task in this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtd.common.errors import BadRequest
from rtd.common.ids import new_id
from rtd.common.text_of import show_value
from rtd.executor.core.leased_run import LeasedRun
from rtd.model.run_record import HEADERS, encode_record
from rtd.protocol.headers import plain_headers
from rtd.session.core.session_state import SessionState
from rtd.testing.call_attempt import call_attempt
from rtd.testing.capture_reports import RunReports
from rtd.testing.executor_hooks import EXECUTOR_ID, executor_of
from rtd.testing.new_run import after_failures, new_run
from rtd.testing.prepared_app import PreparedApp, name_of
from rtd.testing.task_outcome import TaskOutcome, outcome_of


def run_task(
    task: Any,
    /,
    *,
    session: SessionState | str | None = None,
    headers: Mapping[str, str] | None = None,
    attempt: int = 1,
    retries: bool = False,
    **params: Any,
) -> TaskOutcome:
    """Carry out one run of a task in this process and thread, without a daemon and Redis.

    The parameters and the result are packed as in a daemon. The parameters of the session, the
    context of a class task, the middleware and the hooks surround it. Timeouts, limits and lanes
    do not hold. A coroutine is run by `asyncio.run`.

    Args:
        task: its name, the task itself, or its function or class.
        session: of the task, or an app as for `rtd run`; None: that of the task, else the default
            session.
        headers: of the submit.
        attempt: which one it is: those before have failed.
        retries: execute all attempts that the policies allow, without pauses.
        params: of the submit.

    Raises:
        RtdError: what a submit refuses, an app that is wrong, or what is no Python task.
        KeyboardInterrupt: a Ctrl-C, or a task that raises it.
    """
    if isinstance(attempt, bool) or not isinstance(attempt, int) or attempt < 1:
        raise BadRequest(f"attempt must be 1 or more, not {show_value(attempt)}")
    if not isinstance(retries, bool):
        raise BadRequest(f"retries must be True or False, not {show_value(retries)}")
    if isinstance(session, str):
        app = PreparedApp(session)
        name, _ = name_of(task, app.session)
    else:
        name, found = name_of(task, session)
        app = PreparedApp(found)
    options = {} if headers is None else {HEADERS: plain_headers(headers)}
    record, _ = new_run(app, name, new_id(), params, options)
    blob, tasks = encode_record(after_failures(record, attempt - 1)), app.session.tasks
    reports = RunReports()
    with executor_of(app.session, app.find(name).lane) as context:
        while True:
            work, limit = LeasedRun(blob, tasks), app.config.limits.result_bytes
            attempted = call_attempt(work, reports, limit, context)
            if not retries or attempted.outcome.retry_wait_s() is None:
                return outcome_of(attempted, reports)
            blob = attempted.outcome.record(EXECUTOR_ID, "", again=True)
