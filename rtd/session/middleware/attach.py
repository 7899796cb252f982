"""Sets the middleware of every task of an app, once, when the whole app is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rtd.common.errors import AppError
from rtd.model.lanes import LANE_OF
from rtd.model.manifest import COMMAND
from rtd.session.core.session_state import SessionState, SessionTask
from rtd.session.middleware.entries import MiddlewareEntry

_COMMAND_LANE: Final = "command"


def attach_middleware(session: SessionState) -> None:
    """Set what surrounds the runs of every task of a session.

    Raises:
        AppError: a middleware whose `run_task` cannot surround a task of this app.
    """
    entries, handlers = session.middleware, session.exception_handlers
    if not entries and not handlers:
        return
    from rtd.session.middleware.chain import MiddlewareChain  # lazy: most apps have none

    for task in session.tasks.values():
        info = task.definition.info
        if info.name != COMMAND:
            _check_kind(task, entries)
            chain = MiddlewareChain(entries, handlers, info, session.run_scope)
            task.definition = replace(task.definition, middleware=chain)


def _check_kind(task: SessionTask, entries: Sequence[MiddlewareEntry]) -> None:
    """Refuse a plain `run_task` around a coroutine, and a coroutine around a plain function."""
    info = task.definition.info
    is_async = LANE_OF[info.lane].coroutines
    for entry in entries:
        if not entry.has_run_task and not entry.has_run_task_async:
            continue
        if is_async and not (entry.run_task_is_async or entry.has_run_task_async):
            raise AppError(
                f"middleware {entry.name}: its run_task is a plain function, and task"
                f" {info.name!r} runs in lane {info.lane!r}: add `async def run_task_async(self,"
                " task, run, args, kwargs)`, which awaits run(...)"
            )
        if not is_async and (entry.run_task_is_async or not entry.has_run_task):
            raise AppError(
                f"middleware {entry.name}: its run_task is 'async def', and task {info.name!r}"
                f" runs in lane {info.lane!r}: make it a plain function, and name the one for"
                " coroutines run_task_async"
            )
