"""The hooks of an executor, around what is carried out in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context

from rtd.session.context.run_context import enter_run, report_fault
from rtd.session.core.executor_hooks import Executor
from rtd.session.core.hooks import HookScope
from rtd.session.core.session_state import SessionState

#: The id that the hooks see.
EXECUTOR_ID = "testing"


@contextmanager
def executor_of(session: SessionState, lane: str) -> Iterator[Context]:
    """Call the hooks at the start and at the end of a process, as an executor of that lane does.

    Gives the context of its runs, which has the variables that the hooks have set.
    """
    context = copy_context()
    context.run(enter_run, None)
    executor = Executor(session, lane, EXECUTOR_ID)
    started = HookScope(session.hooks.start, _on_raised)
    context.run(started.before, executor)
    try:
        yield context
    finally:
        stopping = HookScope(session.hooks.stop, _on_raised)
        context.run(stopping.before, executor)
        context.run(stopping.after)
        context.run(started.after)


def _on_raised(name: str, error: BaseException) -> None:
    report_fault("hook", name, error)
