"""What users write: a session with its tasks, and what a task may use while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtd.session.core.default_session import default_session
from rtd.session.core.exceptions import Error, Stopped
from rtd.session.core.run_context import CurrentRun, current_run, progress
from rtd.session.session import Session
from rtd.session.tasks.definition import Task

if TYPE_CHECKING:
    from rtd.session.run_tasks import TaskResult

__all__ = ["CurrentRun", "Error", "Session", "Stopped", "Task", "current_run", "progress"]


def start() -> None:
    """`start` of the session that declarations go to which name none: for a program that has
    made none itself, `from rtd import session; session.start()`."""
    default_session().start()


def run(*names: Any) -> list[TaskResult]:
    """`Session.run` of that session."""
    return default_session().run(*names)
