"""One run in the main thread of a process: its call, and what becomes of what it raises."""

from typing import Protocol

from rtd.executor.core.leased_run import Outcome, Work
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.end_fork import end_fork
from rtd.executor.runs.stop_gate import Gate
from rtd.process.fork.fork_guard import FORK_MARK
from rtd.session.core.exceptions import Stopped

__all__ = ["Caller", "carry_through"]


class Caller(Protocol):
    """Carries out one run: fills `outcome` in or raises what the task raised."""

    def call(self, work: Work, outcome: Outcome, gate: Gate) -> None:
        """Between `gate.enter` and the end of this call a stop may be raised."""


def carry_through(caller: Caller, work: Work, outcome: Outcome, gate: Gate) -> bool:
    """Have the caller carry out a run; whatever it raises becomes the outcome.

    A child that the task forked and that comes back from the task's code ends here.

    Returns whether the run was asked to stop: then somebody else is to say why it ended.
    """
    try:
        try:
            caller.call(work, outcome, gate)
        finally:
            gate.leave()
            if FORK_MARK.is_child:
                end_fork()
    except Stopped as error:
        if not gate.asked:
            outcome_of_call.failed(outcome, error)
    except BaseException as error:
        outcome_of_call.failed(outcome, error)
    gate.done()
    return gate.asked
