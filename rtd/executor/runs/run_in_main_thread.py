"""One run in the main thread of a process: its call, and the outcome of what it raises."""

import sys
from typing import Protocol

from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.output.stdio_router import STDIO
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.stop_gate import StopGate
from rtd.process.fork.fork_guard import FORK_GUARD, exit_child
from rtd.session.core.app_errors import Stopped
from rtd.session.core.app_frames import print_error

__all__ = ["Caller", "end_fork", "execute_run"]


class Caller(Protocol):
    """Carries out one run: fills `outcome` in or raises what the task raised."""

    def call(self, work: LeasedRun, outcome: AttemptOutcome, gate: StopGate) -> None:
        """Carry out a run. Between `gate.enter_task` and the end a stop may be raised."""


def execute_run(caller: Caller, work: LeasedRun, outcome: AttemptOutcome, gate: StopGate) -> bool:
    """Carry out a run; what the caller raises becomes the outcome.

    A child that the task forked and that comes back from the task's code ends here.

    Returns whether there was a request to stop the run: that request says why it ended.
    """
    try:
        try:
            caller.call(work, outcome, gate)
        finally:
            gate.leave_task()
            if FORK_GUARD.is_child:
                end_fork()
    except Stopped as error:
        if not gate.stop_requested:
            outcome_of_call.record_failure(outcome, error)
    except BaseException as error:
        outcome_of_call.record_failure(outcome, error)
    if gate.stop_failure is not None:
        outcome_of_call.note_stop_failure(outcome, gate.stop_failure)
    gate.end_run()
    return gate.stop_requested


def end_fork() -> None:
    """End a child that the task forked and that came back out of the task's code.

    Called where the task's code ends. Prints an error of the child into the run's output. The
    outcome of the run is decided by the parent alone.
    """
    error = sys.exc_info()[1]
    failed = error is not None and not (isinstance(error, SystemExit) and not error.code)
    try:
        if error is not None and not isinstance(error, SystemExit):
            print_error(error)
        STDIO.flush()
    finally:
        exit_child(failed)
