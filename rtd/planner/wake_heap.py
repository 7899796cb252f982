"""The moments at which entries are to be looked at by the clock, the next one first."""

import heapq

from rtd.language.time.time_zones import NEVER
from rtd.planner.entry import ScheduledTask


class WakeHeap:
    """A heap of moments, one per entry; an entry knows its own (`wake_us`).

    Attributes:
        heap: (moment, order, entry); what does not agree with its entry does not count.
    """

    __slots__ = ("_pushed", "heap")

    def __init__(self) -> None:
        self.heap: list[tuple[int, int, ScheduledTask]] = []
        self._pushed = 0

    def set(self, entry: ScheduledTask, at_us: int) -> None:
        """Look at it then; NEVER: only after an event."""
        if at_us >= NEVER:
            entry.wake_us = NEVER
        elif at_us != entry.wake_us:
            entry.wake_us = at_us
            self._pushed += 1
            heapq.heappush(self.heap, (at_us, self._pushed, entry))

    def pop(self, now_us: int) -> tuple[int, ScheduledTask] | None:
        """The first that is due by now, and its moment. It has none after that."""
        heap = self.heap
        while heap and heap[0][0] <= now_us:
            at_us, _, entry = heapq.heappop(heap)
            if entry.wake_us == at_us:
                entry.wake_us = NEVER
                return at_us, entry
        return None

    def next_us(self) -> int:
        """The next moment; NEVER if there is none."""
        heap = self.heap
        while heap and heap[0][2].wake_us != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else NEVER

    def tidy(self, entries: int) -> None:
        """Drop what does not count once there is much of it.

        Args:
            entries: how many there are.
        """
        if len(self.heap) > 2 * entries + 1000:
            self.heap = [item for item in self.heap if item[2].wake_us == item[0]]
            heapq.heapify(self.heap)

    def clear(self) -> None:
        """Every entry is to be looked at otherwise."""
        self.heap.clear()
