"""Many tasks that come due at one moment: their conditions are asked shortly before it.

So that a thousand of them start in time. What was found out holds if nothing happens until then;
an event that can change a condition discards it.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from rtd.planner.entry import Prediction, ScheduledTask
from rtd.planner.occurrence import Occurrence, OccurrenceVerdict, occurrence_id
from rtd.planner.planner import Planner

#: So many that are due at once are a crowd.
CROWD: Final = 15


def is_crowd(planner: Planner, at_us: int) -> bool:
    """Whether many tasks are to be looked at at that moment, the next one."""
    first = planner.wakes.heap[:CROWD]
    return len(first) == CROWD and all(item[0] <= at_us for item in first)


def predict(planner: Planner, at_us: int) -> list[Occurrence]:
    """What `advance` will fire at that moment, if nothing happens until then."""
    found = []
    for entry in list(_due(planner, at_us)):
        if entry.custom_ids:
            continue  # nobody can say what will be answered
        value, until_us = planner.evaluate(entry, at_us)
        entry.prediction = Prediction(at_us, value, until_us)
        if value and entry.due_us is None and _is_free(planner, entry):
            due_us = max(at_us, entry.last_us + 1)
            run_id = occurrence_id(entry.name, due_us)
            found.append(Occurrence(entry.name, due_us, OccurrenceVerdict.RAN, "", due_us, run_id))
    return found


def still_holds(planner: Planner, at_us: int, predicted: Iterable[Occurrence]) -> bool:
    """Whether nothing has happened that could change any of what was predicted."""
    for one in predicted:
        entry = planner.tasks.get(one.task)
        if entry is None or entry.wake_us != at_us or entry in planner.dirty:
            return False
        if (
            entry.prediction is None
            or entry.prediction.at_us != at_us
            or not _is_free(planner, entry)
        ):
            return False
    return True


def _is_free(planner: Planner, entry: ScheduledTask) -> bool:
    if entry.backlog or planner.paused or not entry.enabled:
        return False
    return entry.overlap or not planner.history.active_runs(entry.name)


def _due(planner: Planner, at_us: int) -> Iterator[ScheduledTask]:
    """The entries of the heap that are due by then; below one that is later, all are."""
    heap, waiting = planner.wakes.heap, [0]
    while waiting:
        place = waiting.pop()
        if place < len(heap) and heap[place][0] <= at_us:
            entry = heap[place][2]
            if entry.wake_us == heap[place][0] == at_us:
                yield entry
            waiting += (2 * place + 1, 2 * place + 2)
