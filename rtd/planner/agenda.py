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

    Attributes:
        changed: the tasks to decide at once, and for which moment.
        heap: (moment, order, task); an item that differs from the task's `wake_us` is stale.
    """

    __slots__ = ("_pushed", "changed", "heap")

    def __init__(self) -> None:
        self.changed: dict[ScheduledTask, int] = {}
        self.heap: list[tuple[int, int, ScheduledTask]] = []
        self._pushed = 0

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

    def take_changed(self) -> dict[ScheduledTask, int]:
        """Return the tasks to decide at once and remove them."""
        changed, self.changed = self.changed, {}
        return changed

    # --- time

    def set_wake(self, task: ScheduledTask, at_us: int) -> None:
        """Decide the task at that moment; NEVER: only after an event."""
        if at_us >= NEVER:
            task.wake_us = NEVER
        elif at_us != task.wake_us:
            task.wake_us = at_us
            self._pushed += 1
            heapq.heappush(self.heap, (at_us, self._pushed, task))

    def pop(self, now_us: int) -> tuple[int, ScheduledTask] | None:
        """Remove the first wake-up that is due by now; return its moment and its task."""
        heap = self.heap
        while heap and heap[0][0] <= now_us:
            at_us, _, task = heapq.heappop(heap)
            if task.wake_us == at_us:
                task.wake_us = NEVER
                return at_us, task
        return None

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
