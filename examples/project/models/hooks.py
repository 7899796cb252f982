"""Hooks: rtd calls them around the runs of every task, and when the scheduler starts and ends."""

import time

from rtd.core import Scheduler, Task


@Task.hook_execute
def tell_duration(task):
    """Print the last line of each run's output: its duration, or its error."""
    began = time.monotonic()
    exc_type, exc, _ = yield
    outcome = "done" if exc_type is None else f"failed ({exc_type.__name__}: {exc})"
    print(f"{task.name}: {outcome} after {time.monotonic() - began:.1f} s")


@Scheduler.hook_startup
def greet(scheduler):
    """Run once when the daemon starts."""
    print(f"good morning: {len(list(scheduler.tasks))} tasks")
