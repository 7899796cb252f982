"""Carries out one attempt of a run in this process, with all that surrounds it in an executor."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any

from rtd.common.errors import BadRequest, TooLarge, UnserialisableError
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.call_task import call_async_task, call_task
from rtd.executor.runs.outcome_of_call import ResultRefused
from rtd.executor.runs.resolve_in_loop import resolve_in_loop
from rtd.executor.runs.run_in_main_thread import end_fork
from rtd.executor.runs.run_middleware import app_error, deliver_outcome
from rtd.executor.runs.run_middleware_async import deliver_outcome_async
from rtd.model.run_states import STATE_CHAR, RunState
from rtd.session.context.run_context import CurrentRun, enter_run
from rtd.session.core.task_definition import TaskDefinition
from rtd.session.middleware.process_outcome import ANY_TIME
from rtd.testing.capture_reports import RunReports, collected

#: States in which an attempt has no error.
_NO_ERROR = {STATE_CHAR[RunState.SUCCEEDED], STATE_CHAR[RunState.CANCELLED]}


class _NoStop:
    """The stop of a run that no client stops."""

    def set_own_stop(self, stop: Callable[[], Any]) -> None:
        """Do nothing."""

    def clear_own_stop(self) -> None:
        """Do nothing."""


class EndedAttempt:
    """An attempt that is over.

    Attributes:
        outcome: as an executor would record it.
        error: what it has raised; None after a success and a skip.
    """

    def __init__(self, outcome: AttemptOutcome, error: BaseException | None) -> None:
        self.outcome = outcome
        self.error = error


def call_attempt(
    work: LeasedRun, reports: RunReports, limit_bytes: int, context: Context
) -> EndedAttempt:
    """Carry out an attempt.

    Args:
        work: the run.
        reports: takes what it reports.
        limit_bytes: of a result.
        context: of the executor; the run has a copy.

    Raises:
        KeyboardInterrupt: a Ctrl-C ends the test.
        BadRequest: a coroutine, inside an event loop that runs.
    """
    definition = outcome_of_call.find_definition(work)
    outcome = AttemptOutcome(work)
    run = CurrentRun(work.id, work.task, work.attempt_number, reports.add_progress, work.opts)
    call = _call_async if definition.is_async else _call
    if definition.is_async:
        _refuse_running_loop(work.task)
    try:
        with collected(work.id, reports):
            raised = context.copy().run(_within, run, call, definition, outcome, limit_bytes)
    finally:
        run.ended = True
    outcome.end()
    return EndedAttempt(outcome, _error_of(outcome, raised))


def _refuse_running_loop(task: str) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise BadRequest(
        f"task {task!r} is a coroutine, and this event loop runs already: call rtd.testing in a"
        " plain test, or by `await asyncio.to_thread(...)`"
    )


def _within(
    run: CurrentRun,
    call: Callable[[TaskDefinition, AttemptOutcome, int], BaseException | None],
    definition: TaskDefinition,
    outcome: AttemptOutcome,
    limit_bytes: int,
) -> BaseException | None:
    enter_run(run)
    return call(definition, outcome, limit_bytes)


def _call(
    definition: TaskDefinition, outcome: AttemptOutcome, limit_bytes: int
) -> BaseException | None:
    work = outcome.leased_run
    raised: BaseException | None = None
    try:
        with _no_second_test():
            result = call_task(definition, work, outcome, _NoStop())
        outcome_of_call.record_success(outcome, result, limit_bytes)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raised = error
        outcome_of_call.record_failure(outcome, error)
    if work.has_middleware:
        deliver_outcome(outcome, raised, limit_bytes, ANY_TIME)
    return raised


def _call_async(
    definition: TaskDefinition, outcome: AttemptOutcome, limit_bytes: int
) -> BaseException | None:
    try:
        return asyncio.run(_await_attempt(definition, outcome, limit_bytes))
    except asyncio.CancelledError as error:  # it has cancelled its own task
        outcome_of_call.record_failure(outcome, error)
        return error


async def _await_attempt(
    definition: TaskDefinition, outcome: AttemptOutcome, limit_bytes: int
) -> BaseException | None:
    work = outcome.leased_run
    raised: BaseException | None = None
    try:
        with _no_second_test():
            result = await call_async_task(definition, work, outcome, _NoStop(), resolve_in_loop)
        outcome_of_call.record_success(outcome, result, limit_bytes)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            raise  # a Ctrl-C
        raised = error
        outcome_of_call.record_failure(outcome, error)
    if work.has_middleware:
        await deliver_outcome_async(outcome, raised, limit_bytes)
    return raised


@contextmanager
def _no_second_test() -> Iterator[None]:
    """End a child that the task forks where it comes back, so that it runs no further tests."""
    process = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != process:
            end_fork()


def _error_of(outcome: AttemptOutcome, raised: BaseException | None) -> BaseException | None:
    if outcome.state in _NO_ERROR:
        return None
    error = app_error(raised)
    if isinstance(error, ResultRefused):
        return error.cause or TooLarge(str(error))
    # A result that middleware has set.
    is_large = outcome.error is not None and outcome.error[0] == "ResultTooLarge"
    return error or (TooLarge if is_large else UnserialisableError)(outcome.why)
