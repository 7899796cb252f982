"""As `rtd.executor.runs.run_middleware`, for coroutines in an event loop."""

from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.runs.run_middleware import app_error, ended_middleware, record_again
from rtd.session.middleware.outcome_scope import outcome_scope
from rtd.session.middleware.process_outcome_async import process_outcome_async


async def deliver_outcome_async(
    outcome: AttemptOutcome, error: BaseException | None, limit_bytes: int
) -> None:
    """Tell the middleware of an attempt how it ended, and record what that changes."""
    error = app_error(error)
    run = ended_middleware(outcome, error)
    with outcome_scope(run, error):
        after = await process_outcome_async(run, error)
    record_again(outcome, run, error, after, limit_bytes)
    outcome.middleware = None
