"""Which tasks the planner decides next: after an event, or when time may change a condition."""

import heapq
from collections.abc import Iterable, Iterator
from typing import Final

from rtd.language.core.time_zones import NEVER
from rtd.planner.scheduled_task import ScheduledTask

#: In `Agenda.changed`: the moment is that of the next decision.
NEXT_DECISION: Final = 0


class Agenda:
    """The tasks to decide, and a heap of wake-up times, one per task (`wake_us`).

    They are decided in the order of time. A start is an event, and no condition is evaluated for a
    moment before the latest event: decided after a later start, a task would be due too early.

    Attributes:
        changed: the tasks to decide in the next turn, and for which moment.
        heap: (moment, order, task); an item that differs from the task's `wake_us` is stale.
    """

    __slots__ = ("_in_turn", "_pushed", "changed", "heap")

    def __init__(self) -> None:
        self.changed: dict[ScheduledTask, int] = {}
        self.heap: list[tuple[int, int, ScheduledTask]] = []
        self._pushed = 0
        #: Those of `changed` whose turn it is: (place in time, order, moment, task).
        self._in_turn: list[tuple[int, int, int, ScheduledTask]] = []

    # --- events

    def add_event(self, tasks: Iterable[ScheduledTask], at_us: int) -> None:
        """Decide these tasks for the moment of an event."""
        for task in tasks:
            self.changed[task] = at_us
            task.prediction = None

    def add(self, tasks: Iterable[ScheduledTask], at_us: int = NEXT_DECISION) -> None:
        """Decide these tasks, each for the moment that an event gave it, or else for this one."""
        for task in tasks:
            self.changed.setdefault(task, at_us)
            task.prediction = None

    def decide_all(self, tasks: Iterable[ScheduledTask], at_us: int) -> None:
        """Decide all tasks for one moment, in this order."""
        self.changed = {}
        self.add_event(tasks, at_us)

    # --- turns

    def first_us(self, now_us: int) -> int:
        """Return when the first decision is due of those up to now; later if there is none."""
        if self.changed:
            changed, self.changed = self.changed, {}
            for task, at_us in changed.items():
                self._pushed += 1
                moment_us = at_us or now_us  # that of `NEXT_DECISION` is now
                place_us = min(moment_us, now_us)
                heapq.heappush(self._in_turn, (place_us, self._pushed, moment_us, task))
        wake_us = self.next_us()
        return min(self._in_turn[0][0], wake_us) if self._in_turn else wake_us

    def take(self) -> tuple[int, ScheduledTask]:
        """Remove the first decision; return its moment and its task.

        To be called only after `first_us` has said that there is one.
        """
        in_turn, heap = self._in_turn, self.heap
        if in_turn and (not heap or in_turn[0][0] <= heap[0][0]):
            _, _, at_us, task = heapq.heappop(in_turn)
        else:
            at_us, _, task = heapq.heappop(heap)
            task.wake_us = NEVER
        return at_us, task

    @property
    def has_changes(self) -> bool:
        """Return whether there are tasks to decide at once."""
        return bool(self.changed or self._in_turn)

    # --- time

    def set_wake(self, task: ScheduledTask, at_us: int) -> None:
        """Decide the task at that moment; NEVER: only after an event."""
        if at_us >= NEVER:
            task.wake_us = NEVER
        elif at_us != task.wake_us:
            task.wake_us = at_us
            self._pushed += 1
            heapq.heappush(self.heap, (at_us, self._pushed, task))

    def next_us(self) -> int:
        """Return the next wake-up time; NEVER if there is none."""
        heap = self.heap
        while heap and heap[0][2].wake_us != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else NEVER

    def due_at(self, at_us: int) -> Iterator[ScheduledTask]:
        """Yield the tasks whose wake-up is at that moment, the next one."""
        heap, places = self.heap, [0]
        while places:  # below an item that is later, all are
            place = places.pop()
            if place < len(heap) and heap[place][0] <= at_us:
                task = heap[place][2]
                if task.wake_us == heap[place][0] == at_us:
                    yield task
                places += (2 * place + 1, 2 * place + 2)

    def compact(self, tasks: int) -> None:
        """Drop the stale items once there are many of them.

        Args:
            tasks: how many tasks there are.
        """
        if len(self.heap) > 2 * tasks + 1000:
            self.heap = [item for item in self.heap if item[2].wake_us == item[0]]
            heapq.heapify(self.heap)

    def clear(self, tasks: Iterable[ScheduledTask]) -> None:
        """Remove the wake-up times of all tasks."""
        self.heap.clear()
        for task in tasks:
            task.wake_us = NEVER
