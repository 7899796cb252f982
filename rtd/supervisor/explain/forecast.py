"""Forecasts: when tasks start next if no event happens before."""

import asyncio
import time
from collections.abc import Container, Iterable
from heapq import merge, nsmallest
from itertools import islice
from typing import Final

from rtd.language.core.durations import SECOND
from rtd.language.core.time_zones import NEVER
from rtd.planner.due_moments import HypotheticalHistory, due_steps
from rtd.planner.planner import Planner
from rtd.planner.scheduled_task import ScheduledTask

#: Of many tasks, only those are forecast whose conditions may change soonest.
MOST_TASKS: Final = 1000
#: Changes of a condition that are followed to find one moment.
STEPS: Final = 500
#: How long a forecast computes at a time.
TURN_S: Final = 0.01


class Pauses:
    """Lets all else of the daemon have its turn while a forecast goes on.

    A valid condition may have hundreds of parts, and the forecast follows it over hundreds of
    changes; so may those of a thousand tasks.
    """

    def __init__(self) -> None:
        self._until_s = time.monotonic() + TURN_S

    async def pause(self) -> None:
        """Wait for a turn of the event loop, if the last one is long ago."""
        if time.monotonic() > self._until_s:
            await asyncio.sleep(0)
            self._until_s = time.monotonic() + TURN_S


async def next_starts(
    planner: Planner, tasks: Iterable[ScheduledTask], n: int, now_us: int, each: int | None = None
) -> list[tuple[int, str]]:
    """Return the next `n` moments after now at which these tasks come due, each with its task.

    Active runs are assumed to end now.

    Args:
        each: at most so many of one task, if there are several.
    """
    soon = nsmallest(MOST_TASKS, tasks, key=lambda task: task.wake_us)
    soon = [task for task in soon if task.enabled]
    most = n if each is None or len(soon) == 1 else min(n, each)
    pauses = Pauses()
    coming = [await _starts(planner, task, most, now_us, pauses) for task in soon]
    return list(islice(merge(*coming), n))


async def _starts(
    planner: Planner, task: ScheduledTask, n: int, now_us: int, pauses: Pauses
) -> list[tuple[int, str]]:
    view, history = planner.views.view_of(task, now_us), planner.history
    ended_us = now_us if history.active_runs(task.name) else 0
    found: list[tuple[int, str]] = []
    for due_us in due_steps(task, history, view, now_us + 1, NEVER - 1, STEPS, ended_us):
        if due_us is not None:
            found.append((due_us, task.name))
        if len(found) == n:
            break
        await pauses.pause()
    return found


def blocking_run(
    planner: Planner, task: ScheduledTask, begun: Container[str], now_us: int
) -> str | None:
    """Return the run of a task that must end before the task starts again; None: there is none.

    The end of a queued run cannot be predicted, so the task waits for it. For a running run, it
    waits only if it could start after that run ends.

    Args:
        begun: the runs that an executor is carrying out.
    """
    active = planner.history.active_runs(task.name)
    if task.overlap or not active:
        return None
    for run_id in active:
        if run_id not in begun:
            return run_id
    view = planner.views.view_of(task, now_us)
    view.ledger = HypotheticalHistory(planner.history, task.name, now_us)
    return next(iter(active)) if task.evaluate(view)[0] else None


async def next_true_at(planner: Planner, task: ScheduledTask, pauses: Pauses) -> float | None:
    """Return when a task's condition is true next (now, if it is true), in epoch seconds; None:
    an event must come first."""
    view = planner.views.view_of(task, planner.now_us)
    for _ in range(STEPS):
        value, until_us = task.evaluate(view)
        if value:
            return max(view.now_us, planner.decider.damped_until_us(task)) / SECOND
        if until_us >= NEVER or view.to_datetime(until_us) is None:
            return None
        view = view.later(until_us)
        await pauses.pause()
    return None


def waits_for_event(task: ScheduledTask) -> bool:
    """Return whether only an event can change the condition of a task."""
    return task.wake_us >= NEVER and task.due_us is None
