"""What apps build their own kinds of tasks and their hooks on; Red Engine's names."""

from rtd.session.kind import Task
from rtd.session.scheduler_view import Scheduler

__all__ = ["Scheduler", "Task"]
