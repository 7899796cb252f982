"""Evaluates the conditions of many tasks that come due at one moment shortly before it.

So a thousand of them start in time. A prediction holds if nothing happens until then; an event
that can change a condition discards it.
"""

from collections.abc import Iterable
from typing import Final

from rtd.planner.occurrence import Occurrence, OccurrenceVerdict, occurrence_id
from rtd.planner.planner import Planner
from rtd.planner.scheduled_task import Prediction, ScheduledTask

#: So many tasks due at once are a crowd.
CROWD: Final = 15


def is_crowd(planner: Planner, at_us: int) -> bool:
    """Return whether many tasks wake up at that moment, the next one."""
    first = planner.agenda.heap[:CROWD]
    return len(first) == CROWD and all(item[0] <= at_us for item in first)


def predict(planner: Planner, at_us: int) -> list[Occurrence]:
    """Return what `advance` will start at that moment if nothing happens until then."""
    found, history = [], planner.history
    for task in list(planner.agenda.due_at(at_us)):
        if task.custom_ids:
            continue  # their values are not known before they are evaluated
        value, until_us = planner.decider.evaluate(task, at_us)
        task.prediction = Prediction(at_us, value, until_us)
        if value and task.due_us is None and _is_free(planner, task):
            due_us = max(at_us, task.last_due_us + 1)
            run_id, known_us = occurrence_id(task.name, due_us), history.known_start_us(task.name)
            found.append(
                Occurrence(task.name, due_us, OccurrenceVerdict.RAN, "", due_us, run_id, known_us)
            )
    return found


def still_holds(planner: Planner, at_us: int, predicted: Iterable[Occurrence]) -> bool:
    """Return whether nothing has happened that could change a predicted occurrence."""
    for one in predicted:
        task = planner.tasks.get(one.task)
        if task is None or task.wake_us != at_us or task in planner.agenda.changed:
            return False
        if task.prediction is None or task.prediction.at_us != at_us or not _is_free(planner, task):
            return False
    return True


def _is_free(planner: Planner, task: ScheduledTask) -> bool:
    if task.catch_ups or planner.paused or not task.enabled:
        return False
    return task.overlap or not planner.history.active_runs(task.name)
