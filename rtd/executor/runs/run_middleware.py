"""The middleware of a run in its executor: what it sees, and what becomes of the outcome.

Imported only where the app has middleware.
"""

from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.runs import outcome_of_call
from rtd.model.run_states import STATE_BY_CHAR
from rtd.session.core.app_errors import Skip
from rtd.session.core.app_frames import cut_own_frames
from rtd.session.core.task_definition import Middleware, TaskDefinition
from rtd.session.middleware.chain import MiddlewareRun
from rtd.session.middleware.outcome_scope import outcome_scope
from rtd.session.middleware.process_outcome import AppCode, process_outcome
from rtd.session.middleware.task_view import AttemptEnd, TaskView
from rtd.session.parameters.resolve import ParameterFailed


def begin_middleware(
    definition: TaskDefinition, middleware: Middleware, work: LeasedRun, outcome: AttemptOutcome
) -> MiddlewareRun:
    """Return the middleware of an attempt, which `outcome` holds from now on."""
    if outcome.middleware is None:
        task = TaskView(
            definition.info,
            work.policies,
            work.spec_blob,
            work.attempts,
            work.attempt_number,
            outcome.started_at,
            lambda: _end_of(outcome),
        )
        outcome.middleware = middleware.begin(task, outcome.add_note)
    run: MiddlewareRun = outcome.middleware
    return run


def _end_of(outcome: AttemptOutcome) -> AttemptEnd | None:
    if not outcome.is_delivered:
        return None
    will_retry = outcome.retry_wait_s() is not None
    state = str(STATE_BY_CHAR[outcome.state])
    return AttemptEnd(state, outcome.why, outcome.by, will_retry=will_retry)


def deliver_outcome(
    outcome: AttemptOutcome, error: BaseException | None, limit_bytes: int, code: AppCode
) -> None:
    """Tell the middleware of an attempt how it ended, and record what that changes.

    Args:
        outcome: success or failure is recorded.
        error: what the attempt has raised.
        limit_bytes: of a result.
        code: see `rtd.session.middleware.process_outcome.process_outcome`.
    """
    error = app_error(error)
    run = ended_middleware(outcome, error)
    with outcome_scope(run, error):
        after = process_outcome(run, error, code)
    record_again(outcome, run, error, after, limit_bytes)
    outcome.middleware = None  # a circle of references would wait for the garbage collector


def app_error(error: BaseException | None) -> BaseException | None:
    """Return what the code of the app has raised."""
    return error.error if isinstance(error, ParameterFailed) else error


def ended_middleware(outcome: AttemptOutcome, error: BaseException | None) -> MiddlewareRun:
    """Return the middleware of an attempt whose end it sees from now on."""
    definition = outcome.leased_run.definition
    assert definition is not None
    assert definition.middleware is not None
    run = begin_middleware(definition, definition.middleware, outcome.leased_run, outcome)
    if isinstance(error, Skip) and not run.skipped_by_task:
        outcome.by = "middleware"
    outcome.is_delivered = True
    if error is not None:
        cut_own_frames(error)
    return run


def record_again(
    outcome: AttemptOutcome,
    run: MiddlewareRun,
    before: BaseException | None,
    after: BaseException | None,
    limit_bytes: int,
) -> None:
    """Record the outcome again where the middleware has changed it.

    Args:
        before, after: what the attempt has raised, and what is left of that.
    """
    if before is not None and after is None:
        outcome.forget_failure()
    if after is None and (before is not None or run.task.result_set):
        outcome.result = None
        try:
            outcome_of_call.record_success(outcome, run.task.result, limit_bytes)
        except outcome_of_call.ResultRefused as error:
            outcome_of_call.record_failure(outcome, error)
