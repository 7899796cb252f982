"""Executors beyond the maximum of a lane, which take only runs that other runs wait for.

As many as runs of the lane wait: each takes the place of one that holds its executor without work.
An ordinary executor in that place could take a run that waits in its turn, and then they would be
ever more.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rtd.config.config import LaneConfig
from rtd.model.lanes import CONFIG_LANES
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorPhase
from rtd.supervisor.lending.waiting_runs import WaitingRuns

#: Behind the name of the lane of such executors; `take.lua` knows it.
LENT: Final = "+lent"
#: One that finds nothing to do ends after so long: its run may wait again at once.
LENT_IDLE_S: Final = 0.5
#: After so long an ordinary executor may take the place of a run that waits: what the run waits for
#: is not in the queue, or is not of this lane.
LONG_S: Final = 1.0
#: The lists of a lane are put in order at most this often; twice as long after each time in vain.
_ADVANCE_S: Final = (1.0, 30.0)


class LentExecutors:
    """The executors that lanes have lent.

    Args:
        context: what the parts of the supervisor share.
        waiting: the runs that wait.
    """

    def __init__(self, context: SupervisorContext, waiting: WaitingRuns) -> None:
        self._context = context
        self._waiting = waiting
        self._next_advance = dict.fromkeys(CONFIG_LANES, (0.0, _ADVANCE_S[0]))

    def of_lane(self, lane: str) -> list[ExecutorEntry]:
        """Return those of a lane that take runs."""
        return [
            one
            for one in self._context.executors.of_lane(lane)
            if one.phase is ExecutorPhase.LIVE and one.lane_suffix == LENT
        ]

    def raised(self, lane: str, settings: LaneConfig, pending: int) -> LaneConfig:
        """Return the bounds of a lane while runs of it wait for long: it may have as many ordinary
        executors more, less those that it has lent.

        Args:
            settings: of the lane.
            pending: how many it has ordered to lend.
        """
        long = self._waiting.count_slots(lane, settings.concurrency, LONG_S)
        more = long - len(self.of_lane(lane)) - pending if long else 0
        return settings if more <= 0 else replace(settings, max=settings.max + more)

    def surplus(self, lane: str, settings: LaneConfig, ordinary: int) -> int:
        """Return how many of them a lane may not have any more; below 0: it may have more.

        Args:
            settings: of the lane.
            ordinary: its other executors.
        """
        over = max(0, ordinary - settings.max)
        slots = self._waiting.count_slots(lane, settings.concurrency)
        return len(self.of_lane(lane)) - max(0, slots - over)

    def pick(self, lane: str, lent: int, ordinary: int) -> list[ExecutorEntry]:
        """Return so many executors of each kind that may end, idle ones first; none whose run
        waits."""
        is_busy, executors = self._busy_test(), self._context.executors.of_lane(lane)
        found = [
            one
            for one in sorted(executors, key=lambda one: (is_busy(one), -one.born_ns))
            if one.phase is ExecutorPhase.LIVE and not (one.is_spare or self._waiting.holds(one))
        ]
        return [
            *[one for one in found if one.lane_suffix == LENT][:lent],
            *[one for one in found if not one.lane_suffix][:ordinary],
        ]

    async def wake(
        self, lane: str, settings: LaneConfig, ordinary: int, pending: int
    ) -> tuple[int, int]:
        """Wake those that are idle for the runs that are waited for. Returns how many take one now,
        with those that were ordered, and how many more to start.

        Args:
            settings: of the lane.
            ordinary: its other executors.
            pending: how many of these have been ordered already.
        """
        size = settings.concurrency
        most = self._waiting.count_slots(lane, size) * size
        if not most or not self._waiting.is_awaited(lane):
            return 0, 0
        call = self._context.commands.lend(self._context.config.node, lane, most)
        found: int = await self._context.execute(call)
        if not found and await self._advance(lane):
            found = await self._context.execute(call)
            self._note_advance(lane, in_vain=not found)
        # Those without a run take one now: they were idle, have just started or ended a run.
        free = sum(not busy for busy in map(self._busy_test(), self.of_lane(lane)))
        room = -self.surplus(lane, settings, ordinary) - pending
        return free + pending, max(0, min(room, -(-found // size) - free - pending))

    def _busy_test(self) -> Callable[[ExecutorEntry], bool]:
        """Return a function that says whether an executor has a run now."""
        busy = {seen.slot for seen in self._context.busy_slots()}
        return lambda one: not busy.isdisjoint(range(one.slot, one.slot + one.slots))

    async def _advance(self, lane: str) -> bool:
        """Move the runs that are waited for to the heads, unless that was done just now: a retry
        or a run that an executor gave back stands somewhere else."""
        if time.monotonic() < self._next_advance[lane][0]:
            return False
        calls, node = self._context.commands, self._context.config.node
        await self._context.execute(calls.advance(node, lane))
        return True

    def _note_advance(self, lane: str, in_vain: bool) -> None:
        shortest, longest = _ADVANCE_S
        wait_s = min(self._next_advance[lane][1] * 2, longest) if in_vain else shortest
        self._next_advance[lane] = (time.monotonic() + wait_s, wait_s)
