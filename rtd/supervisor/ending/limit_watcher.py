"""Deadlines and limits: reads the board when something is due, and not otherwise.

An executor wakes the watcher when a run's deadline comes before the next scan. Runs with limits
or end conditions are sampled, with everything below them, every half second.
"""

import asyncio
import time
from typing import Final

from rtd.common.units import format_bytes, format_duration
from rtd.process.board.board import FLAG_SAMPLE, SlotSnapshot
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.ending.end_conditions import EndConditionWatch, ViewOfRun
from rtd.supervisor.ending.run_sampler import RunSampler, RunUsage
from rtd.supervisor.ending.stops import Stops

#: Two checks are so far apart: a board with a time that moves must not keep all else waiting.
LEAST_WAIT_S: Final = 0.001
#: An executor that has begun a run before its zygote has reported it is checked again so soon.
UNKNOWN_NS: Final = 50_000_000
#: After a check that has failed the next comes this soon.
AGAIN_NS: Final = 1_000_000_000


class LimitWatcher:
    """Ends runs that go on too long or use too much.

    Args:
        context: what the parts of the supervisor share.
        stops: end the runs.
        view_of_run: what end conditions see.
    """

    def __init__(self, context: SupervisorContext, stops: Stops, view_of_run: ViewOfRun) -> None:
        self._context = context
        self._stops = stops
        self._end_conditions = EndConditionWatch(context, view_of_run, stops.stop_run)
        self._timer: asyncio.TimerHandle | None = None
        self._sampler = RunSampler()
        self._is_on = False

    def start(self) -> None:
        """Listen to the board's wake-ups, and check at once."""
        self._is_on = True
        loop = asyncio.get_running_loop()
        loop.add_reader(self._context.board.wakeup_fifo.fileno(), self._on_wakeup)
        self.check()

    def stop(self) -> None:
        """Enforce nothing more."""
        self._is_on = False
        asyncio.get_running_loop().remove_reader(self._context.board.wakeup_fifo.fileno())
        if self._timer is not None:
            self._timer.cancel()

    def _on_wakeup(self) -> None:
        self._context.board.wakeup_fifo.drain()
        self.check()

    def check(self) -> None:
        """End what is overdue, sample what is due, and set the next check."""
        if not self._is_on:
            return
        self._context.board.set_next_scan(0)  # a run that begins from here on wakes the watcher
        now_ns = time.monotonic_ns()
        next_ns = now_ns + AGAIN_NS  # unless all goes well
        try:
            next_ns = self._check_all(now_ns)
        finally:
            self._context.board.set_next_scan(next_ns)
            self._arm(next_ns, now_ns)

    def _check_all(self, now_ns: int) -> int:
        """Return when the next check is due; 0: none is."""
        board = self._context.board
        next_ns = 0
        limited = set()
        for seen in board.scan():
            if not self._context.executors.has_slot(seen):
                unknown_ns = now_ns + UNKNOWN_NS
                next_ns = min(next_ns, unknown_ns) if next_ns else unknown_ns
                continue
            due_ns = self._deadline(seen, now_ns)
            if seen.flags & FLAG_SAMPLE:
                limited.add((seen.run_id, seen.attempt))
                sample_ns = self._sample(seen, now_ns)
                due_ns = min(due_ns, sample_ns) if due_ns else sample_ns
            if due_ns and (not next_ns or due_ns < next_ns):
                next_ns = due_ns
        self._sampler.retain_only(limited)
        self._end_conditions.retain_only(limited)
        return next_ns

    def _arm(self, next_ns: int, now_ns: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if next_ns:
            loop = asyncio.get_running_loop()
            wait_s = max(LEAST_WAIT_S, (next_ns - now_ns) / 1e9)
            self._timer = loop.call_later(wait_s, self.check)

    # --- time

    def _deadline(self, seen: SlotSnapshot, now_ns: int) -> int:
        """Return when the run is due to be ended; 0: it has no deadline, or is being ended."""
        if not seen.deadline_ns or self._stops.covers(seen):
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
        """Sample a run if that is due. Return when it is due next."""
        usage = self._sampler.usage_of(seen)
        if usage.next_ns <= now_ns:
            usage.begin_sample(now_ns)
            if not self._stops.covers(seen):
                self._check_limits(seen, usage)
            if not self._stops.covers(seen):
                self._end_conditions.check(seen, usage)
        return usage.next_ns

    def _check_limits(self, seen: SlotSnapshot, usage: RunUsage) -> None:
        limit_bytes, limit_s = seen.memory_limit_bytes, seen.cpu_limit_ns / 1e9
        if limit_bytes and (used_bytes := usage.memory_bytes(limit_bytes)) > limit_bytes:
            used, limit = format_bytes(used_bytes), format_bytes(limit_bytes)
            self._end(seen, "memory limit", f"it used {used} of memory, its limit is {limit}")
        elif limit_s and (used_s := usage.cpu_s()) > limit_s:
            why = f"it used {used_s:.1f} s of CPU time, its limit is {limit_s:g} s"
            self._end(seen, "cpu limit", why)
