"""The base of tasks and the scheduler's hooks, under Red Engine's names; the hooks of executors."""

from rtd.session.app.scheduler_hooks import Scheduler
from rtd.session.core.executor_hooks import Executor
from rtd.session.tasks.task import Task

__all__ = ["Executor", "Scheduler", "Task"]
