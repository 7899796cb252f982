"""The due moments of a task in a span of time, if each of them ran at once.

Misfires and forecasts are found by it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from rtd.language.core.durations import SECOND
from rtd.language.core.run_history import ENDED_OR_USED, ENDS, RUN, STARTED_OR_USED
from rtd.language.core.view import View
from rtd.planner.run_history import RunHistory
from rtd.planner.scheduled_task import ScheduledTask

#: Questions about these actions are answered by the assumed run.
_OF_A_RUN: Final = frozenset({(RUN,), ENDS, STARTED_OR_USED, ENDED_OR_USED})
_OF_AN_END: Final = frozenset({ENDS, ENDED_OR_USED})
#: Changes of a condition that are followed.
MOST_STEPS = 10_000


class HypotheticalHistory:
    """The run history, with a run of one task that is assumed to have begun and ended since.

    Args:
        history: the real events.
        task: the name of the task.
        ended_us: when the task's active runs are assumed to end; 0: they leave no trace.

    Attributes:
        at_us: when the assumed run began and ended; 0: there is none.
    """

    __slots__ = ("_ended_us", "_history", "_task", "at_us")

    def __init__(self, history: RunHistory, task: str, ended_us: int = 0) -> None:
        self._history = history
        self._task = task
        self._ended_us = ended_us
        self.at_us = 0

    def latest(self, task: str, actions: tuple[str, ...]) -> float | None:
        """Return when the latest of these events was, in epoch seconds."""
        if self.at_us and task == self._task and actions in _OF_A_RUN:
            return self.at_us / SECOND
        if self._ended_us and task == self._task and actions in _OF_AN_END:
            return self._ended_us / SECOND
        return self._history.latest(task, actions)

    def events(
        self, task: str, actions: tuple[str, ...], since_at: float, until_at: float
    ) -> Sequence[float]:
        """Return the real events; the assumed run is not among them."""
        return self._history.events(task, actions, since_at, until_at)

    def running(self, task: str) -> Sequence[float]:
        """Return when the active runs began; those of the task itself are over."""
        return () if task == self._task else self._history.running(task)


def due_moments(
    task: ScheduledTask,
    history: RunHistory,
    view: View,
    since_us: int,
    until_us: int,
    steps: int = MOST_STEPS,
    ended_us: int = 0,
    resolved_us: int = 0,
) -> Iterator[int]:
    """Yield the moments in [since, until] at which a task comes due by time alone, in order.

    Args:
        view: of any moment; a copy is used.
        steps: changes of the condition that are followed.
        ended_us: when the task's active runs are assumed to end; 0: they leave no trace.
        resolved_us: the latest due moment that has been resolved; the next ones follow from it.
    """
    found = due_steps(task, history, view, since_us, until_us, steps, ended_us, resolved_us)
    return (due_us for due_us in found if due_us is not None)


def due_steps(
    task: ScheduledTask,
    history: RunHistory,
    view: View,
    since_us: int,
    until_us: int,
    steps: int = MOST_STEPS,
    ended_us: int = 0,
    resolved_us: int = 0,
) -> Iterator[int | None]:
    """As `due_moments`, with None after each change of the condition that brings no due moment, so
    that the caller can do something else in between: a large condition takes long."""
    ledger = HypotheticalHistory(history, task.name, ended_us)
    view = view.for_task(task.name)
    view.zone, view.ledger = task.zone, ledger
    active_us = history.last_activity_us(task.name)
    assumed_us = ledger.at_us = resolved_us if resolved_us > active_us else 0
    at_us, first = max(since_us, active_us), True
    while steps > 0:
        steps -= 1
        if at_us > until_us:
            return
        view.now_us = at_us
        value, change_us = task.evaluate(view)
        if value:
            ledger.at_us = at_us
            stays, change_us = task.evaluate(view)
            if stays and first:
                ledger.at_us = assumed_us  # the condition was true before: nothing came due
            else:
                yield at_us
            while stays and change_us <= until_us and steps > 0:
                # A run of the task does not make it false: due again after it has been false.
                steps -= 1
                yield None
                view.now_us = change_us
                stays, change_us = task.evaluate(view)
            if stays:
                return
        else:
            yield None
        at_us, first = change_us, False
