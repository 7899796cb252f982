"""Tells middleware how an attempt ended: `process_outcome`, from the innermost out."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from rtd.model.run_states import RunState
from rtd.session.context.run_context import report_fault
from rtd.session.core.app_errors import (
    Stopped,
    TaskAborted,
    describe_error,
    is_stop,
)
from rtd.session.core.hooks import NOTHING_RAISED, ExcInfo
from rtd.session.middleware.chain import MiddlewareRun
from rtd.session.middleware.entries import MiddlewareEntry

Guard = Callable[[], AbstractContextManager[None]]
_IGNORED: Final = "returned true for an attempt that is over: its outcome stays"


def process_outcome(
    run: MiddlewareRun,
    error: BaseException | None,
    guard: Guard = nullcontext,
    *,
    is_final: bool = False,
) -> BaseException | None:
    """Call the handlers of unexpected exceptions, and `process_outcome` of each middleware.

    A handler or middleware that raises is a fault, and a remark in the record; it changes nothing.

    Args:
        run: of the attempt.
        error: what the attempt has raised; None after a success.
        guard: a context in which the code of the app is called; it may raise `Stopped`.
        is_final: the outcome is in the record.

    Returns:
        What the attempt has raised in the end: None too when a middleware returned true.
    """
    call_handlers(run, error, guard)
    for entry, instance in reversed(run.instances()):
        if not entry.has_process_outcome:
            continue
        iscleared = False
        with contained(run, f"{entry.name}.process_outcome", error), guard():
            returned = instance.process_outcome(run.task, *exc_info(error))
            if entry.process_outcome_is_async:
                returned = _await(returned)
            iscleared = bool(returned) and error is not None
        error = cleared(run, entry, error, is_final) if iscleared else error
    return error


def _await(found: Any) -> Any:
    import asyncio  # lazy: most middleware is plain functions

    return asyncio.run(found)


def exc_info(error: BaseException | None) -> ExcInfo:
    """Return the three values that `process_outcome` gets."""
    return NOTHING_RAISED if error is None else (type(error), error, error.__traceback__)


def cleared(
    run: MiddlewareRun, entry: MiddlewareEntry, error: BaseException | None, is_final: bool
) -> BaseException | None:
    """Return what the attempt has raised, after a middleware returned true."""
    if is_final:
        report_fault("middleware", entry.name, f"process_outcome {_IGNORED}")
        return error
    run.add_note(f"middleware {entry.name} made it a success")
    return None


def call_handlers(
    run: MiddlewareRun, error: BaseException | None, guard: Guard = nullcontext
) -> None:
    """Call the handlers of unexpected exceptions."""
    if error is None or run.task.state != RunState.EXCEPTION:
        return
    for handler in run.chain.handlers:
        name = getattr(handler, "__qualname__", type(handler).__qualname__)
        with contained(run, f"exception handler {name}", error), guard():
            handler(error)


@contextmanager
def contained(run: MiddlewareRun, what: str, raised: BaseException | None) -> Iterator[None]:
    """Make anything that the code of the app raises a fault and a remark, and print it."""
    try:
        yield
    except BaseException as error:
        if raised is not None and error.__context__ is None and error is not raised:
            error.__context__ = raised
        if is_stop(error):
            run.add_note(f"{what} was stopped")
            return
        run.add_note(f"{what} raised {type(error).__name__}: {error}")
        traceback.print_exception(error)
        report_fault("middleware", what, describe_error(error))


def aborted(message: str, state: str, by: str, *, was_stopped: bool) -> TaskAborted:
    """Return what `process_outcome` gets for an attempt that rtd ended.

    Args:
        was_stopped: the task was asked to end, and did.
    """
    error: Any = TaskAborted(message, state, by)
    if was_stopped:
        error.__cause__ = Stopped(message)
    found: TaskAborted = error
    return found
