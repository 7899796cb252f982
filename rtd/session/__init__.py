"""The session with its tasks, and what a task may use while it runs. A public module: our own code
imports from the modules below."""

from typing import TYPE_CHECKING

from rtd.session.context.postpone_shutdown import PostponeShutdown, unstoppable
from rtd.session.context.run_context import CurrentRun, current_run, emit, progress
from rtd.session.core.app_errors import Error, Skip, Stopped, TaskAborted
from rtd.session.core.default_session import default_session as _default_session
from rtd.session.core.executor_hooks import Executor
from rtd.session.session import App, Session
from rtd.session.tasks.task import Task

if TYPE_CHECKING:
    from rtd.session.run_tasks import TaskResult

__all__ = [
    "App",
    "CurrentRun",
    "Error",
    "Executor",
    "PostponeShutdown",
    "Session",
    "Skip",
    "Stopped",
    "Task",
    "TaskAborted",
    "current_run",
    "emit",
    "progress",
    "run",
    "start",
    "unstoppable",
]


def start() -> None:
    """Call `rtd.session.Session.start` of the default session, for a program that makes no session
    itself: `from rtd import session; session.start()`."""
    _session().start()


def run(*names: object) -> "list[TaskResult]":
    """Call `rtd.session.Session.run` of the default session."""
    return _session().run(*names)


def _session() -> Session:
    found = _default_session()
    assert isinstance(found, Session)
    return found


del TYPE_CHECKING  # no name of this module but those in `__all__`
