"""One run in the main thread of a process: its call, and what becomes of what it raises."""

from typing import Protocol

from rtd.executor.core.leased_run import AttemptOutcome, LeasedRun
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.end_fork import end_fork
from rtd.executor.runs.stop_gate import StopGate
from rtd.process.fork.fork_guard import FORK_GUARD
from rtd.session.core.app_errors import Stopped

__all__ = ["Caller", "execute_run"]


class Caller(Protocol):
    """Carries out one run: fills `outcome` in or raises what the task raised."""

    def call(self, work: LeasedRun, outcome: AttemptOutcome, gate: StopGate) -> None:
        """Between `gate.enter` and the end of this call a stop may be raised."""


def execute_run(caller: Caller, work: LeasedRun, outcome: AttemptOutcome, gate: StopGate) -> bool:
    """Have the caller carry out a run; whatever it raises becomes the outcome.

    A child that the task forked and that comes back from the task's code ends here.

    Returns whether the run was asked to stop: then somebody else is to say why it ended.
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
    gate.end_run()
    return gate.stop_requested
