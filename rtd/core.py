"""What apps build their own kinds of tasks and their hooks on; Red Engine's names."""

from rtd.session.app.scheduler_hooks import Scheduler
from rtd.session.tasks.base import Task

__all__ = ["Scheduler", "Task"]
