"""Calls a task's Python code with all that surrounds it: from the outside in the scope of its runs
(as the context of a Flask app), the context of a class task, its parameters, the middleware, the
hooks, and the function or the instance."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from contextvars import copy_context
from functools import cache, partial
from typing import Any, Protocol

from rtd.common.text_of import show_value
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.context_faults import ContextFaults
from rtd.model.run_record import HEADERS
from rtd.session.core.task_definition import TaskDefinition

#: Resolves the parameters of a run.
Resolve = Callable[[], dict[str, Any]]


class StopTarget(Protocol):
    """The stop of the run that is called."""

    def set_own_stop(self, stop: Callable[[], Any]) -> None:
        """Call this to end the run, and raise nothing in it. Raises Stopped after a request."""

    def clear_own_stop(self) -> None:
        """Raise `Stopped` in the run again."""


def call_task(
    definition: TaskDefinition, work: LeasedRun, outcome: AttemptOutcome, stop: StopTarget
) -> Any:
    """Carry out a run and return its result. Raises what the code of the task raises."""
    if definition.run_scope is None:
        return _call_in_context(definition, work, outcome, stop)
    with definition.run_scope(headers_of(work)):
        return _call_in_context(definition, work, outcome, stop)


def headers_of(work: LeasedRun) -> dict[str, str]:
    """Return the headers of a run's submit."""
    return work.opts.get(HEADERS) or {}


def _call_in_context(
    definition: TaskDefinition, work: LeasedRun, outcome: AttemptOutcome, stop: StopTarget
) -> Any:
    middleware = _begin_middleware(definition, work, outcome)

    def call() -> Any:
        params = outcome_of_call.resolve_parameters(work)
        execute = partial(_call_in_hooks, definition, stop)
        return execute(params) if middleware is None else middleware.run(execute, params)

    if definition.provide_context is None:
        return call()
    raised = ContextFaults(definition.target.__name__)
    with raised, _checked_context(definition.provide_context(), raised.kind), raised.inner:
        return call()
    outcome.add_note(raised.swallowed())
    return None  # a context that swallows an exception makes the run a success


def _call_in_hooks(definition: TaskDefinition, stop: StopTarget, params: dict[str, Any]) -> Any:
    if definition.run_hooks is not None:
        return definition.run_hooks.run(lambda: _execute(definition, stop, params))
    return _execute(definition, stop, params)


def _execute(definition: TaskDefinition, stop: StopTarget, params: dict[str, Any]) -> Any:
    made = definition.target(**params)
    if not definition.is_class:
        return made
    if not definition.has_own_stop:
        return made.start()
    # In the context of the run, from which thread ever it is called.
    stop.set_own_stop(partial(copy_context().run, made.stop))
    try:
        return made.start()
    finally:
        stop.clear_own_stop()


async def call_async_task(
    definition: TaskDefinition,
    work: LeasedRun,
    outcome: AttemptOutcome,
    stop: StopTarget,
    resolve: Callable[[LeasedRun], Awaitable[dict[str, Any]]],
) -> Any:
    """Carry out a run of a coroutine function, as `call_task` does."""
    if definition.run_scope is None:
        return await _call_async_in_context(definition, work, outcome, stop, resolve)
    with definition.run_scope(headers_of(work)):
        return await _call_async_in_context(definition, work, outcome, stop, resolve)


async def _call_async_in_context(
    definition: TaskDefinition,
    work: LeasedRun,
    outcome: AttemptOutcome,
    stop: StopTarget,
    resolve: Callable[[LeasedRun], Awaitable[dict[str, Any]]],
) -> Any:
    middleware = _begin_middleware(definition, work, outcome)

    async def call() -> Any:
        params = await resolve(work)
        execute = partial(_call_async_in_hooks, definition, stop)
        if middleware is None:
            return await execute(params)
        return await middleware.run_async(execute, params)

    if definition.provide_context is None:
        return await call()
    raised = ContextFaults(definition.target.__name__)
    with raised:
        context = definition.provide_context()
        if isinstance(context, AbstractAsyncContextManager):
            async with context:
                with raised.inner:
                    return await call()
        else:
            with _checked_context(context, raised.kind), raised.inner:
                return await call()
    outcome.add_note(raised.swallowed())
    return None


async def _call_async_in_hooks(
    definition: TaskDefinition, stop: StopTarget, params: dict[str, Any]
) -> Any:
    if definition.run_hooks is not None:
        return await definition.run_hooks.run_async(
            lambda: _execute_async(definition, stop, params)
        )
    return await _execute_async(definition, stop, params)


async def _execute_async(
    definition: TaskDefinition, stop: StopTarget, params: dict[str, Any]
) -> Any:
    made = definition.target(**params)
    if not definition.is_class:
        return await made
    if not definition.has_own_stop:
        return await made.start()
    stop.set_own_stop(made.stop)
    try:
        return await made.start()
    finally:
        stop.clear_own_stop()


def _begin_middleware(definition: TaskDefinition, work: LeasedRun, outcome: AttemptOutcome) -> Any:
    if definition.middleware is None:
        return None
    return middleware_calls().begin_middleware(definition, definition.middleware, work, outcome)


@cache
def middleware_calls() -> Any:
    """Return the module `rtd.executor.runs.run_middleware`, which most apps do without."""
    from rtd.executor.runs import run_middleware  # lazy: most apps have no middleware

    return run_middleware


def _checked_context(context: Any, kind: str) -> AbstractContextManager[Any, bool]:
    if isinstance(context, AbstractContextManager):
        return context
    hint = ""
    if isinstance(context, AbstractAsyncContextManager):
        hint = ": an asynchronous one needs `async def start`"
    raise TypeError(
        f"provide_context of {kind} returned {show_value(context)}, no context manager{hint}"
    )
