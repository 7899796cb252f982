"""When a task would be due if each of its due moments ran at once: for misfires and forecasts."""

from collections.abc import Iterator, Sequence
from typing import Final

from rtd.language.core.run_history import ENDED_OR_USED, ENDS, RUN, STARTED_OR_USED
from rtd.language.core.view import View
from rtd.language.time.durations import SECOND
from rtd.planner.entry import ScheduledTask
from rtd.planner.run_history import RunHistory

#: Asked for, the assumed run answers.
_OF_A_RUN: Final = frozenset({(RUN,), ENDS, STARTED_OR_USED, ENDED_OR_USED})
_OF_AN_END: Final = frozenset({ENDS, ENDED_OR_USED})
#: Changes of a condition that are looked at without finding a due moment.
MOST_STEPS = 10_000


class HypotheticalHistory:
    """The past, and a run of one task that is assumed to have begun and ended since.

    Args:
        ended_us: when its runs that are going are assumed to end; 0: they leave no trace.
    """

    __slots__ = ("_ended_us", "_past", "_task", "at_us")

    def __init__(self, past: RunHistory, task: str, ended_us: int = 0) -> None:
        self._past = past
        self._task = task
        self._ended_us = ended_us
        self.at_us = 0

    def latest(self, task: str, actions: tuple[str, ...]) -> float | None:
        """As the past says, or the assumed run."""
        if self.at_us and task == self._task and actions in _OF_A_RUN:
            return self.at_us / SECOND
        if self._ended_us and task == self._task and actions in _OF_AN_END:
            return self._ended_us / SECOND
        return self._past.latest(task, actions)

    def events(
        self, task: str, actions: tuple[str, ...], since_at: float, until_at: float
    ) -> Sequence[float]:
        """As the past says."""
        return self._past.events(task, actions, since_at, until_at)

    def running(self, task: str) -> Sequence[float]:
        """Its own runs are over."""
        return () if task == self._task else self._past.running(task)


def due_moments(
    entry: ScheduledTask,
    past: RunHistory,
    view: View,
    since_us: int,
    until_us: int,
    steps: int = MOST_STEPS,
    ended_us: int = 0,
) -> Iterator[int]:
    """The moments in [since, until] at which the task comes due by time alone, in order.

    Args:
        view: of any moment; a copy is used.
        steps: changes of the condition that are followed.
        ended_us: when its runs that are going are assumed to end; 0: they leave no trace.
    """
    ledger = HypotheticalHistory(past, entry.name, ended_us)
    view = view.for_task(entry.name)
    view.zone, view.ledger = entry.zone, ledger
    at_us, first = max(since_us, past.last_activity_us(entry.name)), True
    for _ in range(steps):
        if at_us > until_us:
            return
        view.now_us = at_us
        value, change_us = entry.evaluate(view)
        if value:
            ledger.at_us = at_us
            stays, change_us = entry.evaluate(view)
            if stays and first:
                ledger.at_us = 0  # it is simply true, and nothing came due
            else:
                yield at_us
            while stays and change_us <= until_us:
                # A run of its own does not end it: due again when it has been false.
                view.now_us = change_us
                stays, change_us = entry.evaluate(view)
            if stays:
                return
        at_us, first = change_us, False
