"""Past runs: the interface that leaves read, and an implementation over a plain dict."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from heapq import merge
from typing import Protocol

from rtd.language.core.errors import ConditionError

RUN, SUCCESS, FAIL, TERMINATE, INACTION = ACTIONS = (
    "run",
    "success",
    "fail",
    "terminate",
    "inaction",
)
"""The task log's actions. `run` is a start, each other one an end."""
ENDS = (SUCCESS, FAIL, TERMINATE)
"""The ends that count as *finished*."""
UNSUCCESSFUL = (FAIL, TERMINATE)
"""The ends without success: failed, timed out, killed, over a limit."""
USED = "used"
"""In a scheduler's ledger: a due moment of the task was used up though no run of it ended then
(cancelled before it began; not made up for). Only conditions that hold back the task itself read
it."""
STARTED_OR_USED = (RUN, USED)
ENDED_OR_USED = (*ENDS, USED)

HistoryEvent = tuple[str, datetime | float]
"""An action and when: a datetime, or UTC epoch seconds."""
History = Mapping[str, Iterable[HistoryEvent]]


class Ledger(Protocol):
    """Past runs, by task and action. Times are UTC epoch seconds.

    A ledger may hold events later than a view's now; a view does not see them, but `running` is
    the ledger's own answer for the present.
    """

    def latest(self, task: str, actions: tuple[str, ...]) -> float | None:
        """When the latest event of any of these actions was; None: never."""

    def events(
        self, task: str, actions: tuple[str, ...], since_at: float, until_at: float
    ) -> Sequence[float]:
        """When events of these actions were, in order of time, both ends included."""

    def running(self, task: str) -> Sequence[float]:
        """When the runs that have not ended began."""


class HistoryLedger:
    """A ledger over a dict: task name to `(action, time)` pairs, in any order.

    An end closes the run of its task that began first; so with pairs of one time, give the start
    before the end. Events later than `until_at` are left out. A task's events are sorted when
    they are first read.
    """

    __slots__ = ("_history", "_logs", "_read", "_running", "_until")

    def __init__(
        self,
        history: History,
        until_at: float = float("inf"),
        read: Callable[[datetime], float] = datetime.timestamp,
    ) -> None:
        self._history = history
        self._until = until_at
        self._read = read
        self._logs: dict[str, dict[str, list[float]]] = {}
        self._running: dict[str, tuple[float, ...]] = {}

    def latest(self, task: str, actions: tuple[str, ...]) -> float | None:
        log = self._log(task)
        return max((log[a][-1] for a in actions if a in log), default=None)

    def events(
        self, task: str, actions: tuple[str, ...], since_at: float, until_at: float
    ) -> Sequence[float]:
        log = self._log(task)
        found = [
            times[bisect_left(times, since_at) : bisect_right(times, until_at)]
            for times in (log[action] for action in actions if action in log)
        ]
        return found[0] if len(found) == 1 else list(merge(*found))

    def running(self, task: str) -> Sequence[float]:
        self._log(task)
        return self._running[task]

    def _log(self, task: str) -> dict[str, list[float]]:
        log = self._logs.get(task)
        if log is None:
            log = self._logs[task] = self._sort(task)
        return log

    def _sort(self, task: str) -> dict[str, list[float]]:
        log: dict[str, list[float]] = {}
        going: deque[float] = deque()
        for at, action in sorted(self._pairs(task), key=lambda pair: pair[0]):
            log.setdefault(action, []).append(at)
            if action == RUN:
                going.append(at)
            elif going:
                going.popleft()
        self._running[task] = tuple(going)
        return log

    def _pairs(self, task: str) -> Iterable[tuple[float, str]]:
        for action, when in self._history.get(task, ()):
            if action not in ACTIONS:
                names = ", ".join(ACTIONS)
                raise ConditionError(f"the history of {task!r} has {action!r}, not one of {names}")
            at = self._read(when) if isinstance(when, datetime) else float(when)
            if at <= self._until:
                yield at, action
