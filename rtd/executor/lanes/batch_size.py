"""How long runs take, and the size of a batch that follows from it."""

from typing import Final

#: A batch should be over in about this time ...
BATCH_S: Final = 0.010
#: ... and never be larger than this.
BATCH_MAX: Final = 128


class BatchSizer:
    """A moving average of how long the runs of each task take."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}
        self._recent_s = BATCH_S
        self._most = BATCH_MAX

    def record_time(self, task: str, elapsed_s: float) -> None:
        known = self._known.get(task)
        if known is not None:
            self._most = min(self._most + 1, BATCH_MAX)
        self._known[task] = elapsed_s if known is None else known + (elapsed_s - known) * 0.2
        self._recent_s += (elapsed_s - self._recent_s) * 0.2

    def expected_s(self, task: str) -> float:
        """Return the expected seconds of a run; an unknown task counts as a long one."""
        return self._known.get(task, BATCH_S)

    def shrink(self) -> None:
        """Begin with small batches again, after a batch was given back but for its first run: an
        executor that takes a hundred runs for each that it begins keeps Redis busy."""
        self._most = 1

    def batch_size(self) -> int:
        """Return how many runs like the last ones fit in a batch."""
        return max(1, min(self._most, int(BATCH_S / (self._recent_s + 1e-5))))
