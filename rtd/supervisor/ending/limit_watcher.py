"""Deadlines and limits: the board is looked at when something is due, and not otherwise.

An executor rings when a run's deadline comes before the next look. Runs with limits are
measured, with everything below them, every half second.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from rtd.common.units import format_bytes, format_duration
from rtd.process.board.board import FLAG_SAMPLE, SlotSnapshot
from rtd.process.tree.process_tree import read_tree
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.ending.end_conditions import EndConditionWatch, ViewOfRun
from rtd.supervisor.ending.measure_memory import memory_of
from rtd.supervisor.ending.stops import Stops

SAMPLE_S: Final = 0.5
#: A run seen later than this after its start (a new supervisor has come) is measured from
#: then on: what its executor used before is not known any more.
FIRST_SIGHT_S: Final = 1.0


@dataclass(slots=True)
class LimitSample:
    """What is remembered of a run with limits."""

    next_s: float
    cpu_before_s: float | None = None


class LimitWatcher:
    """Looks at the board and ends what has been going on too long or takes too much."""

    def __init__(self, context: SupervisorContext, stops: Stops, views: ViewOfRun) -> None:
        self._context = context
        self._stops = stops
        self._end_conditions = EndConditionWatch(context, views, stops.stop_run)
        self._timer: asyncio.TimerHandle | None = None
        self._samples: dict[tuple[str, int], LimitSample] = {}

    def start(self) -> None:
        """Listen to the board's bell, and look at once."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._context.board.wakeup_fifo.fileno(), self._on_wakeup)
        self.check()

    def stop(self) -> None:
        """Enforce nothing more."""
        asyncio.get_running_loop().remove_reader(self._context.board.wakeup_fifo.fileno())
        if self._timer is not None:
            self._timer.cancel()

    def _on_wakeup(self) -> None:
        self._context.board.wakeup_fifo.drain()
        self.check()

    def check(self) -> None:
        """Find what is overdue, measure what is due, and set the next look."""
        board = self._context.board
        board.set_next_scan(0)  # whoever begins from here on rings
        now_ns = time.monotonic_ns()
        next_ns = 0
        limited = set()
        for seen in board.scan():
            due_ns = self._deadline(seen, now_ns)
            if seen.flags & FLAG_SAMPLE:
                limited.add((seen.run_id, seen.attempt))
                sample_ns = self._sample(seen, now_ns)
                due_ns = min(due_ns, sample_ns) if due_ns else sample_ns
            if due_ns and (not next_ns or due_ns < next_ns):
                next_ns = due_ns
        for key in self._samples.keys() - limited:
            del self._samples[key]
        self._end_conditions.retain_only(limited)
        board.set_next_scan(next_ns)
        self._arm(next_ns, now_ns)

    def _arm(self, next_ns: int, now_ns: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if next_ns:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, (next_ns - now_ns) / 1e9), self.check)

    # --- time

    def _deadline(self, seen: SlotSnapshot, now_ns: int) -> int:
        """When the run is due to be ended; 0: it has no deadline, or is being ended."""
        if not seen.deadline_ns or seen.run_id in self._stops:
            return 0
        if seen.deadline_ns > now_ns:
            return seen.deadline_ns
        limit = format_duration((seen.deadline_ns - seen.started_ns) / 1e9)
        self._end(seen, "timeout", f"it ran longer than its timeout of {limit}")
        return 0

    def _end(self, seen: SlotSnapshot, by: str, why: str) -> None:
        self._stops.stop_run(seen.run_id, Intent(by, why, time.time()))

    # --- memory and CPU

    def _sample(self, seen: SlotSnapshot, now_ns: int) -> int:
        """Measure a run if it is time; gives when it is to be measured next."""
        key = (seen.run_id, seen.attempt)
        now_s = now_ns / 1e9
        sample = self._samples.setdefault(key, LimitSample(now_s))
        if sample.next_s <= now_s:
            sample.next_s = now_s + SAMPLE_S
            if seen.run_id not in self._stops and (seen.memory_limit_bytes or seen.cpu_limit_ns):
                self._measure(seen, sample, now_s)
            if seen.run_id not in self._stops:
                self._end_conditions.check(seen)
        return int(sample.next_s * 1e9)

    def _measure(self, seen: SlotSnapshot, sample: LimitSample, now_s: float) -> None:
        tree = read_tree(seen.pid)
        limit = seen.memory_limit_bytes
        used = memory_of(seen.pid, tree, limit) if limit else 0
        if used > limit:
            why = f"it used {format_bytes(used)} of memory, its limit is {format_bytes(limit)}"
            self._end(seen, "memory limit", why)
            return
        if seen.cpu_limit_ns:
            self._measure_cpu(seen, sample, tree.cpu_s, now_s)

    def _measure_cpu(
        self, seen: SlotSnapshot, sample: LimitSample, cpu_s: float, now_s: float
    ) -> None:
        """The tree's CPU time since the run began: an executor has carried out others before."""
        if sample.cpu_before_s is None:
            age_s = now_s - seen.started_ns / 1e9
            used_s = age_s if age_s < FIRST_SIGHT_S else 0.0
            sample.cpu_before_s = max(0.0, cpu_s - used_s)
        limit_s = seen.cpu_limit_ns / 1e9
        used_s = cpu_s - sample.cpu_before_s
        if used_s > limit_s:
            why = f"it used {used_s:.1f} s of CPU time, its limit is {limit_s:g} s"
            self._end(seen, "cpu limit", why)
