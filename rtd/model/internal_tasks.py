"""Runs of rtd's own in the main lane of an app: what they are called, what they are told.

They are submitted by the supervisor, which never imports the app, and are shown nowhere.
"""

from typing import Final

#: Names of tasks of rtd's own begin with it; those of an app cannot.
INTERNAL_PREFIX: Final = "@"
#: Asks custom conditions and calls the hooks of the cycle.
CYCLE_TASK: Final = "@cycle"
#: Asks one custom condition.
EVALUATE_TASK: Final = "@ask"
#: Call the hooks of the daemon's start and of its end.
STARTUP_TASK: Final = "@startup"
SHUTDOWN_TASK: Final = "@shutdown"
#: Where they wait: before everything else in their lane.
INTERNAL_QUEUE: Final = "@rtd"
INTERNAL_PRIORITY: Final = 1_000_000_000


def is_internal(task: str) -> bool:
    """Whether a task of that name is rtd's own."""
    return task.startswith(INTERNAL_PREFIX)
