"""Lanes whose executors the zygote replaces by itself, as soon as one ends.

For the fresh lane: its executors, each with a process ready, are there before the runs are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rtd.executor.zygote.executor_table import ExecutorProcess
from rtd.protocol.zygote_messages import SparesReport

__all__ = ["SparePool"]

#: An executor that ends within this time without having begun a run is a failure.
_TOO_SHORT_S: Final = 1.0
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 5.0


@dataclass(slots=True)
class _Target:
    count: int
    options: Mapping[str, Any]
    alive: int = 0
    failures: int = 0
    not_before_s: float = field(default=float("-inf"))


class SparePool:
    """How many executors each kept lane should have, and when to fork the next."""

    def __init__(self) -> None:
        self._targets: dict[str, _Target] = {}

    def set_target(self, lane: str, count: int, options: Mapping[str, Any]) -> None:
        """Keep `count` executors of a lane alive from now on. A lower count ends none."""
        target = self._targets.setdefault(lane, _Target(0, {}))
        target.count, target.options = count, options
        target.failures, target.not_before_s = 0, float("-inf")

    def stop(self) -> None:
        """Replace no executor any more."""
        for target in self._targets.values():
            target.count = 0

    def next_lane(self, now_s: float) -> tuple[str, Mapping[str, Any]] | None:
        """Return a lane that lacks an executor now, with its options."""
        for lane, target in self._targets.items():
            if target.alive < target.count and target.not_before_s <= now_s:
                return lane, target.options
        return None

    def next_due_s(self) -> float | None:
        """Return when a lane that pauses after failures needs its next executor."""
        paused = [t.not_before_s for t in self._targets.values() if t.alive < t.count]
        return min(paused, default=None)

    def on_forked(self, lane: str) -> None:
        """Count one more spare of a lane."""
        self._targets[lane].alive += 1

    def on_failed(self, lane: str, now_s: float) -> float:
        """Let the next fork of a lane wait: longer after each failure in a row.

        Returns the pause in seconds.
        """
        target = self._targets[lane]
        pause_s = min(_FIRST_PAUSE_S * (1 << min(target.failures, 16)), _LONGEST_PAUSE_S)
        target.failures += 1
        target.not_before_s = now_s + pause_s
        return pause_s

    def on_exit(self, executor: ExecutorProcess, ran_nothing: bool, now_s: float) -> float | None:
        """Count a spare that has ended. Returns the pause in seconds if that was a failure."""
        target = self._targets[executor.lane]
        target.alive -= 1
        if executor.leaving:
            return None
        if ran_nothing and now_s - executor.born_s < _TOO_SHORT_S:
            return self.on_failed(executor.lane, now_s)
        target.failures = 0
        return None

    def reports(self) -> tuple[SparesReport, ...]:
        """Return the lanes and their counts, for the supervisor."""
        return tuple(SparesReport(lane, t.count) for lane, t in self._targets.items())
