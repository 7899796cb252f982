"""The base of everything that surrounds a run."""

from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.model.policies import Policies


class RunAspect:
    """One thing that is done before and after each run.

    A method that a subclass does not define is never called, and costs nothing.

    Attributes:
        min_expected_s: runs expected to be shorter than this go without the aspect.
    """

    min_expected_s = 0.0

    def applies(self, policies: Policies) -> bool:
        """Return whether the aspect is for runs with these policies. Asked once per task."""
        return True

    def enter(self, outcome: AttemptOutcome) -> None:
        """Prepare for the run `outcome.leased_run`, which is about to start."""

    def leave(self, outcome: AttemptOutcome) -> None:
        """Clean up after a run that has ended, and add to its outcome."""

    def enter_child(self, work: LeasedRun) -> None:
        """Prepare this process, a child that was forked before its run was known (lane `fresh`).

        It ends with the run, and lacks what `enter` did in the executor meanwhile.
        """

    def on_idle(self) -> None:
        """Undo what runs did that were too short for this aspect; there is time now."""
