"""When tasks will start, if nothing but time happens."""

from collections.abc import Iterable
from heapq import merge, nsmallest
from itertools import islice
from typing import Final

from rtd.conditions.spans import SECOND
from rtd.conditions.zones import NEVER
from rtd.supervisor.schedule.assumed import due_moments
from rtd.supervisor.schedule.entry import Entry
from rtd.supervisor.schedule.planner import Planner

#: Of many tasks, those whose conditions may change soonest are asked.
MOST_TASKS: Final = 1000
#: Changes of a condition that are followed for one moment.
STEPS: Final = 500


def next_starts(planner: Planner, entries: Iterable[Entry], n: int) -> list[tuple[int, str]]:
    """The next `n` moments at which these tasks come due, each with its task."""
    soon = nsmallest(MOST_TASKS, entries, key=lambda entry: entry.wake_us)
    coming = [_starts(planner, entry, n) for entry in soon if entry.enabled]
    return list(islice(merge(*coming), n))


def _starts(planner: Planner, entry: Entry, n: int) -> list[tuple[int, str]]:
    view = planner.view_of(entry, planner.now_us)
    dues = due_moments(entry, planner.past, view, planner.now_us + 1, NEVER - 1, STEPS)
    return [(due, entry.name) for due in islice(dues, n)]


def next_true_at(planner: Planner, entry: Entry) -> float | None:
    """When its condition is true next (now, if it is), in epoch seconds; None: an event must
    come first."""
    view = planner.view_of(entry, planner.now_us)
    for _ in range(STEPS):
        value, until_us = entry.look(view)
        if value:
            return view.now_us / SECOND
        if until_us >= NEVER or view.when(until_us) is None:
            return None
        view = view.later(until_us)
    return None


def waits_for_event(entry: Entry) -> bool:
    """Whether time alone changes nothing for it."""
    return entry.wake_us >= NEVER and entry.due_us is None
