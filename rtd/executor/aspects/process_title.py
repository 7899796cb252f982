"""The title of an executor, as `ps` shows it."""

from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.core.run_aspect import RunAspect
from rtd.process.fork.process_title import set_title


class ProcessTitle(RunAspect):
    """Names the run in the title of its process."""

    min_expected_s = 0.002

    def __init__(self, lane: str) -> None:
        self._lane = lane

    def enter(self, outcome: AttemptOutcome) -> None:
        self.enter_child(outcome.leased_run)

    def enter_child(self, work: LeasedRun) -> None:
        set_title(f"{self._lane} {work.task} {work.id}")

    def leave(self, outcome: AttemptOutcome) -> None:
        set_title(f"{self._lane} idle")
