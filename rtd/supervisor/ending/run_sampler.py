"""Samples of what running runs use, with everything below them."""

from collections.abc import Callable, Iterable
from typing import Final

from rtd.process.board.board import SlotSnapshot
from rtd.process.tree.process_tree import ProcessTree, read_tree

#: How often a run is sampled.
SAMPLE_S: Final = 0.5
#: A run that is first seen within this time of its start has used no more CPU than one core
#: since. One seen later (by a new supervisor) is measured from then on: what its executor used
#: for earlier runs is not known any more.
FIRST_SIGHT_S: Final = 1.0
#: No bound: any figure of memory will do.
NO_BOUND: Final = 1 << 62

#: Run id and attempt.
RunKey = tuple[str, int]


def cpu_before_run_s(tree_cpu_s: float, age_s: float) -> float:
    """Return the CPU seconds that an executor's tree had used before a run began.

    Args:
        tree_cpu_s: what the tree has used when the run is first seen.
        age_s: how long the run has been going then.
    """
    used_by_run_s = age_s if age_s <= FIRST_SIGHT_S else 0.0
    return max(0.0, tree_cpu_s - used_by_run_s)


class RunUsage:
    """The samples of one run. A tree is read at most once a sample, and only if needed.

    Attributes:
        next_ns: when the next sample is due (monotonic).
    """

    def __init__(self, seen: SlotSnapshot, read: Callable[..., ProcessTree]) -> None:
        self.next_ns = 0
        self._pid = seen.pid
        self._started_ns = seen.started_ns
        self._read = read
        self._now_ns = 0
        self._tree: ProcessTree | None = None
        self._exact_bytes: int | None = None
        self._cpu_before_s: float | None = None

    def begin_sample(self, now_ns: int) -> None:
        """Drop the last sample and set the time of the next."""
        self._now_ns, self._tree, self._exact_bytes = now_ns, None, None
        self.next_ns = now_ns + round(SAMPLE_S * 1e9)

    def memory_bytes(self, bound_bytes: int) -> int:
        """Return the memory of the tree, in bytes, as closely as a bound on it needs.

        The cheap figure counts a page that forks share in each of them, so it is never less
        than the truth; it is returned if it is not above the bound. Else the tree is read again,
        at about ten times the cost, and a shared page counts once.

        Args:
            bound_bytes: what the figure must be above to matter.
        """
        used_bytes = self._current().memory_bytes
        if used_bytes <= bound_bytes:
            return used_bytes
        if self._exact_bytes is None:
            self._exact_bytes = self._read(self._pid, exact=True).memory_bytes
        return self._exact_bytes

    def cpu_s(self) -> float:
        """Return the CPU seconds of the tree since the run began."""
        cpu_s = self._current().cpu_s
        assert self._cpu_before_s is not None
        return cpu_s - self._cpu_before_s

    def _current(self) -> ProcessTree:
        if self._tree is None:
            self._tree = self._read(self._pid)
            if self._cpu_before_s is None:
                age_s = (self._now_ns - self._started_ns) / 1e9
                self._cpu_before_s = cpu_before_run_s(self._tree.cpu_s, age_s)
        return self._tree


class RunSampler:
    """The usage of all runs that are sampled.

    Args:
        read: reads a process tree.
    """

    def __init__(self, read: Callable[..., ProcessTree] = read_tree) -> None:
        self._read = read
        self._runs: dict[RunKey, RunUsage] = {}

    def usage_of(self, seen: SlotSnapshot) -> RunUsage:
        """Return the usage of a run; its first sample is due at once."""
        key = (seen.run_id, seen.attempt)
        usage = self._runs.get(key)
        if usage is None:
            usage = self._runs[key] = RunUsage(seen, self._read)
        return usage

    def retain_only(self, keys: Iterable[RunKey]) -> None:
        """Forget the runs that are not among these any more."""
        for key in self._runs.keys() - set(keys):
            del self._runs[key]
