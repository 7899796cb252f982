"""When tasks will start, if nothing but time happens."""

from collections.abc import Container, Iterable
from heapq import merge, nsmallest
from itertools import islice
from typing import Final

from rtd.language.core.durations import SECOND
from rtd.language.core.time_zones import NEVER
from rtd.planner.due_moments import HypotheticalHistory, due_moments
from rtd.planner.planner import Planner
from rtd.planner.scheduled_task import ScheduledTask

#: Of many tasks, those whose conditions may change soonest are asked.
MOST_TASKS: Final = 1000
#: Changes of a condition that are followed for one moment.
STEPS: Final = 500


def next_starts(
    planner: Planner, entries: Iterable[ScheduledTask], n: int, now_us: int
) -> list[tuple[int, str]]:
    """The next `n` moments after now at which these tasks come due, each with its task. Runs that
    are going are assumed to end now."""
    soon = nsmallest(MOST_TASKS, entries, key=lambda entry: entry.wake_us)
    coming = [_starts(planner, entry, n, now_us) for entry in soon if entry.enabled]
    return list(islice(merge(*coming), n))


def _starts(planner: Planner, entry: ScheduledTask, n: int, now_us: int) -> list[tuple[int, str]]:
    view, past = planner.views.view_of(entry, now_us), planner.history
    ended_us = now_us if past.active_runs(entry.name) else 0
    dues = due_moments(entry, past, view, now_us + 1, NEVER - 1, STEPS, ended_us)
    return [(due, entry.name) for due in islice(dues, n)]


def blocking_run(
    planner: Planner, entry: ScheduledTask, begun: Container[str], now_us: int
) -> str | None:
    """The run of its own that must end before it starts; None: it may overlap, it has none, or
    that is not what it waits for.

    A run that has not begun ends nobody knows when, so whoever has one waits for it. Beside one
    that goes on a task waits only if it could start were that over.

    Args:
        begun: the runs that an executor is carrying out.
    """
    going = planner.history.active_runs(entry.name)
    if entry.overlap or not going:
        return None
    for run_id in going:
        if run_id not in begun:
            return run_id
    view = planner.views.view_of(entry, now_us)
    view.ledger = HypotheticalHistory(planner.history, entry.name, now_us)
    return next(iter(going)) if entry.evaluate(view)[0] else None


def next_true_at(planner: Planner, entry: ScheduledTask) -> float | None:
    """When its condition is true next (now, if it is), in epoch seconds; None: an event must
    come first."""
    view = planner.views.view_of(entry, planner.now_us)
    for _ in range(STEPS):
        value, until_us = entry.evaluate(view)
        if value:
            return view.now_us / SECOND
        if until_us >= NEVER or view.to_datetime(until_us) is None:
            return None
        view = view.later(until_us)
    return None


def waits_for_event(entry: ScheduledTask) -> bool:
    """Whether time alone changes nothing for it."""
    return entry.wake_us >= NEVER and entry.due_us is None
