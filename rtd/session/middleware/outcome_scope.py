"""The context around `process_outcome` and the handlers of exceptions: that of the run's app."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

from rtd.session.core.app_errors import is_app_error
from rtd.session.middleware.chain import MiddlewareRun
from rtd.session.middleware.process_outcome import note_raised

_NO_SCOPE: Final = nullcontext()


def outcome_scope(run: MiddlewareRun, error: BaseException | None) -> AbstractContextManager[None]:
    """Return what enters the scope of a run again, after the run. What it raises is a fault.

    Args:
        error: what the attempt has raised.
    """
    return _NO_SCOPE if run.chain.scope is None else _app_scope(run, error)


@contextmanager
def _app_scope(run: MiddlewareRun, error: BaseException | None) -> Iterator[None]:
    assert run.chain.scope is not None
    try:
        scope = run.chain.scope(run.task.headers)
        scope.__enter__()
    except BaseException as raised:
        _note(run, raised, error)
        yield
        return
    try:
        yield
    finally:
        try:
            scope.__exit__(None, None, None)
        except BaseException as raised:
            _note(run, raised, error)


def _note(run: MiddlewareRun, raised: BaseException, error: BaseException | None) -> None:
    if not is_app_error(raised):
        raise raised
    note_raised(run, "the context of process_outcome", raised, error)
