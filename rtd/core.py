"""The base of tasks and the scheduler's hooks, under Red Engine's names."""

from rtd.session.app.scheduler_hooks import Scheduler
from rtd.session.tasks.task import Task

__all__ = ["Scheduler", "Task"]
