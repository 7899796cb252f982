"""Tests of tasks, and of code that submits them: with everything but the processes, or with a real
daemon. Needs no test framework."""

from rtd.testing.capture_reports import Progress, UserEvent
from rtd.testing.daemon import daemon_fixture, daemon_of
from rtd.testing.schedule import Schedule, ScheduledStart
from rtd.testing.single_run import run_task
from rtd.testing.task_outcome import TaskOutcome
from rtd.testing.worker import TWorker

__all__ = [
    "Progress",
    "Schedule",
    "ScheduledStart",
    "TWorker",
    "TaskOutcome",
    "UserEvent",
    "daemon_fixture",
    "daemon_of",
    "run_task",
]
