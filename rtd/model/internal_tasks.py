"""Internal tasks: runs of rtd's own in the main lane of an app, which clients do not see.

The supervisor, which never imports the app, submits them.
"""

from typing import Final

#: The names of internal tasks begin with it; those of an app cannot.
INTERNAL_PREFIX: Final = "@"
#: Evaluates custom conditions and calls the hooks of the cycle.
CYCLE_TASK: Final = "@cycle"
#: Evaluates one custom condition.
EVALUATE_TASK: Final = "@ask"
#: Call the hooks of the daemon's start and of its end.
STARTUP_TASK: Final = "@startup"
SHUTDOWN_TASK: Final = "@shutdown"
#: Tells middleware how attempts ended that rtd itself has ended.
OUTCOMES_TASK: Final = "@outcomes"
#: Their queue: before all others in their lane.
INTERNAL_QUEUE: Final = "@rtd"
INTERNAL_PRIORITY: Final = 1_000_000_000


#: The option of an internal run that names the node whose app it is for.
FOR_NODE: Final = "node"


def node_marker(node: str) -> str:
    """Return what stands for the internal tasks of a node among the tasks that it has."""
    return INTERNAL_PREFIX + node


def is_internal(task: str) -> bool:
    """Whether a task of that name is internal."""
    return task.startswith(INTERNAL_PREFIX)
