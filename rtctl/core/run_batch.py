"""The runs that a client waits for, and which of them are over. Both clients use it."""

from __future__ import annotations

from time import monotonic

from rtctl.core.deadline import GRACE_S
from rtd.common.errors import WaitTimeout
from rtd.common.format_units import format_duration, not_over_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class RunBatch:
    """Runs, each by the text that names it; two with the same text are one.

    Args:
        runs: those to wait for; an id, a part of one or a key may name a run.
        timeout_s: the limit; None: none.

    Attributes:
        done: the runs that are over, in the order of their ends.
    """

    def __init__(self, runs: Iterable[Any], timeout_s: float | None) -> None:
        self.done: list[Any] = []
        self._timeout_s = timeout_s
        self._until = None if timeout_s is None else monotonic() + max(timeout_s, 0.0)
        self._heard = False
        self._runs: dict[str, list[Any]] = {}
        for run in runs:
            self._runs.setdefault(run.id, []).append(run)
        self._pending = dict.fromkeys(self._runs)
        self._finished = self._take_known()

    def _take_known(self) -> list[Any]:
        known = [name for name, runs in self._runs.items() if runs[0].is_known]
        known.sort(key=lambda name: self._runs[name][0].ended_at)
        for name in known:
            del self._pending[name]
        found = [self._runs[name][0] for name in known]
        self.done += found
        return found

    @property
    def names(self) -> list[str]:
        """The texts that name the runs that are not over."""
        return list(self._pending)

    @property
    def is_over(self) -> bool:
        """Whether all runs are over."""
        return not self._pending

    @property
    def left_s(self) -> float | None:
        """How long to wait for the next part: the first one says what is over already."""
        if self._until is None:
            return None
        return max(self._until - monotonic(), 0.0) + (0.0 if self._heard else GRACE_S)

    def take_finished(self) -> list[Any]:
        """Return the runs that have ended since the last call, in the order of their ends."""
        finished, self._finished = self._finished, []
        return finished

    def add(self, part: Any) -> None:
        """Take over a part of an answer. Raises WaitTimeout for None: there was none in time."""
        if part is None:
            raise self.new_timeout()
        self._heard = True
        for one in part["ended"]:
            fresh = [name for name in one["names"] if name in self._pending]
            for name in fresh:
                del self._pending[name]
                for run in self._runs[name]:
                    run.learn(one["row"], one["result"])
            if fresh:
                self.done.append(self._runs[fresh[0]][0])
                self._finished.append(self.done[-1])

    def new_timeout(self) -> WaitTimeout:
        """Return the error for a limit that has passed."""
        left, count = self.names, len(self._runs)
        text = not_over_text(left, count, self._timeout_s)
        if not self._heard:
            after = format_duration(self._timeout_s or 0.0)
            text = f"whether the runs are over is not known after {after}: rtd has not answered"
        error = WaitTimeout(text, {"over": count - len(left), "runs": count})
        error.done, error.pending = list(self.done), [self._runs[name][0] for name in left]
        return error
