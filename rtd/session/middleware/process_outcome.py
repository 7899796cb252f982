"""Tells middleware how an attempt ended: `process_outcome`, from the innermost out."""

from __future__ import annotations

from typing import Any, Final, Protocol

from rtd.model.run_states import RunState
from rtd.session.context.run_context import report_fault
from rtd.session.core.app_errors import Stopped, TaskAborted, describe_error, is_stop
from rtd.session.core.app_frames import print_error
from rtd.session.core.hooks import NOTHING_RAISED, ExcInfo
from rtd.session.middleware.chain import MiddlewareRun
from rtd.session.middleware.entries import MiddlewareEntry

_IGNORED: Final = "process_outcome returned true for an attempt that is over: its outcome stays"


class AppCode(Protocol):
    """Says when code of the app is called: only then may a stop of the run be raised."""

    def enter_task(self) -> None:
        """Enter it. Raises Stopped for a stop that came before."""

    def leave_task(self) -> None:
        """Leave it."""


class _AnyTime:
    """For a process in which no stop is raised."""

    def enter_task(self) -> None:
        pass

    def leave_task(self) -> None:
        pass


ANY_TIME: Final = _AnyTime()


def process_outcome(
    run: MiddlewareRun,
    error: BaseException | None,
    code: AppCode = ANY_TIME,
    *,
    is_final: bool = False,
) -> BaseException | None:
    """Call the handlers of unexpected exceptions, and `process_outcome` of each middleware.

    A handler or middleware that raises is a fault, and a remark in the record; it changes nothing.

    Args:
        run: of the attempt.
        error: what the attempt has raised; None after a success.
        code: entered around each call.
        is_final: the outcome is in the record.

    Returns:
        What the attempt has raised in the end: None too when a middleware returned true.
    """
    if error is not None and run.chain.handlers:
        call_handlers(run, error, code)
    for entry, instance in reversed(run.instances()):
        if not entry.has_process_outcome:
            continue
        try:
            code.enter_task()
            try:
                returned = instance.process_outcome(run.task, *exc_info(error))
                if entry.process_outcome_is_async:
                    returned = _await(returned)
                is_true = bool(returned)
            finally:
                code.leave_task()
        except BaseException as raised:
            note_raised(run, f"{entry.name}.process_outcome", raised, error)
            continue
        if is_true and error is not None:
            error = cleared(run, entry, error, is_final)
    return error


def _await(found: Any) -> Any:
    import asyncio  # lazy: most middleware is plain functions

    return asyncio.run(found)


def exc_info(error: BaseException | None) -> ExcInfo:
    """Return the three values that `process_outcome` gets."""
    return NOTHING_RAISED if error is None else (type(error), error, error.__traceback__)


def cleared(
    run: MiddlewareRun, entry: MiddlewareEntry, error: BaseException, is_final: bool
) -> BaseException | None:
    """Return what the attempt has raised, after a middleware returned true."""
    if is_final:
        report_fault("middleware", entry.name, _IGNORED)
        return error
    run.add_note(f"middleware {entry.name} made it a success")
    return None


def call_handlers(run: MiddlewareRun, error: BaseException, code: AppCode = ANY_TIME) -> None:
    """Call the handlers of unexpected exceptions, if this is one."""
    if run.task.state != RunState.EXCEPTION:
        return
    for handler in run.chain.handlers:
        try:
            code.enter_task()
            try:
                handler(error)
            finally:
                code.leave_task()
        except BaseException as raised:
            name = getattr(handler, "__qualname__", type(handler).__qualname__)
            note_raised(run, f"exception handler {name}", raised, error)


def note_raised(
    run: MiddlewareRun, what: str, raised: BaseException, error: BaseException | None
) -> None:
    """Make what code of the app has raised a fault and a remark, and print it.

    Args:
        what: the name of that code.
        error: what the attempt has raised.
    """
    if is_stop(raised):
        run.add_note(f"{what} was stopped")
        return
    if error is not None and raised.__context__ is None and error is not raised:
        raised.__context__ = error
    run.add_note(f"{what} raised {type(raised).__name__}: {_text_of(raised)}")
    print_error(raised)
    report_fault("middleware", what, describe_error(raised))


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:  # the class belongs to the app
        return f"(its __str__ raised {type(broken).__name__})"


def aborted(message: str, state: str, by: str, *, was_stopped: bool) -> TaskAborted:
    """Return what `process_outcome` gets for an attempt that rtd ended.

    Args:
        was_stopped: the task had a request to end, and did.
    """
    error = TaskAborted(message, state, by)
    if was_stopped:
        error.__cause__ = Stopped(message)
    return error
