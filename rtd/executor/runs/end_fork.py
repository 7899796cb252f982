"""The end of a child that a task forked and that came back out of the task's code."""

import sys
import traceback

from rtd.executor.output.stdio_router import STDIO
from rtd.process.fork.fork_guard import exit_child


def end_fork() -> None:
    """Called where the task's code ends, in its child: what it raised is printed into the
    run's output, and the child ends. The outcome of the run is its parent's alone."""
    error = sys.exc_info()[1]
    failed = error is not None and not (isinstance(error, SystemExit) and not error.code)
    try:
        if error is not None and not isinstance(error, SystemExit):
            traceback.print_exception(error)
        STDIO.flush()
    finally:
        exit_child(failed)
