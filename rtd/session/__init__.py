"""What users write: a session with its tasks, and what a task may use while it runs."""

from rtd.session.context import CurrentRun, current_run, progress
from rtd.session.raised import Error, Stopped
from rtd.session.session import Session
from rtd.session.task import Task

__all__ = ["CurrentRun", "Error", "Session", "Stopped", "Task", "current_run", "progress"]
