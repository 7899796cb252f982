"""What the pull loop asks of a lane: room for runs, starting them, and what became of them."""

from collections.abc import Sequence
from typing import Protocol

from rtd.executor.core.leased_run import LeasedRun


class Lane(Protocol):
    """An execution strategy. `start` of a serial lane returns when its runs are over; a
    concurrent lane's returns at once and `fds` become readable when one is."""

    def room(self) -> int:
        """How many more runs should be taken now."""

    def start(self, works: Sequence[LeasedRun]) -> None:
        """Carry out runs; each ends in `backend.reports.keep`."""

    def collect(self) -> int:
        """Hand outcomes that other threads left to the backend; how many there were."""

    def running_count(self) -> int:
        """How many runs are going on."""

    def fds(self) -> Sequence[int]:
        """What becomes readable when a run ends or a signal came."""

    def retiring(self) -> bool:
        """Whether the supervisor wants this executor to take no more runs."""

    def should_recycle(self) -> bool:
        """Whether the executor has had enough runs or memory and should be replaced."""

    def prepare_next(self) -> None:
        """There is nothing to do: make ready what the next run needs."""

    def close(self) -> None:
        """There will be no more runs."""

    def clear_wakeups(self) -> None:
        """Signals that woke a wait have been seen."""
