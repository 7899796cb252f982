"""The runs of this node that wait for other runs, and whether they wait for ever."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from rtd.config.config import EMBEDDED
from rtd.model.lanes import LANE_OF
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorPhase

#: A lane has at most so many executors beyond its maximum.
LENT_MAX: Final = 32


@dataclass(eq=False, slots=True)
class RunWait:
    """A wait of one run.

    Attributes:
        run: the run that waits.
        executor: the executor that has it.
        pending: the runs that it waits for, as long as they go on.
        any: one of them is enough.
        since_s: when it began, on the monotonic clock.
        lanes: the lane of each of them.
        lane_names: these lanes.
        limited: those whose task has a limit on concurrency: the task and the limit.
    """

    run: str
    executor: ExecutorEntry
    pending: Collection[str]
    any: bool
    since_s: float = field(default_factory=time.monotonic)
    lanes: dict[str, str] = field(default_factory=dict)
    limited: dict[str, tuple[str, int]] = field(default_factory=dict)
    lane_names: set[str] = field(default_factory=set)

    def ids_by_lane(self) -> dict[str, list[str]]:
        """Return the runs that it waits for, or has waited for, by their lane."""
        found: dict[str, list[str]] = {}
        for run, lane in self.lanes.items():
            found.setdefault(lane, []).append(run)
        return found


class WaitingRuns:
    """All waits of runs of this node. A run may have several, in threads or coroutines."""

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._waits: set[RunWait] = set()

    def __len__(self) -> int:
        return len({wait.run for wait in self._waits})

    def add(self, wait: RunWait) -> None:
        """Add a wait."""
        self._waits.add(wait)

    def remove(self, wait: RunWait) -> None:
        """Remove a wait that is over."""
        self._waits.discard(wait)

    def count(self, lane: str, waiting_s: float = 0.0) -> int:
        """Return how many runs of a lane wait, and have for so long, in executors that take
        runs."""
        until = time.monotonic() - waiting_s
        return len(
            {
                wait.run
                for wait in self._waits
                if _is_live(wait.executor, lane) and wait.since_s <= until
            }
        )

    def count_slots(self, lane: str, concurrency: int, waiting_s: float = 0.0) -> int:
        """Return how many executors of a lane its waiting runs take up, at most `LENT_MAX`.

        Args:
            concurrency: how many runs an executor of the lane has at once.
            waiting_s: count only runs that have waited for so long.
        """
        if not self._waits or LANE_OF[lane].single:
            return 0
        return min(-(-self.count(lane, waiting_s) // concurrency), LENT_MAX)

    def is_awaited(self, lane: str) -> bool:
        """Return whether a run waits for runs of a lane."""
        return any(wait.pending and lane in wait.lane_names for wait in self._waits)

    @property
    def awaited_ids(self) -> set[str]:
        """All runs that runs of this node wait for."""
        return {run for wait in self._waits for run in wait.pending}

    def holds(self, executor: ExecutorEntry) -> bool:
        """Return whether a run of this executor waits."""
        return any(wait.executor is executor for wait in self._waits)

    @property
    def limited_tasks(self) -> list[str]:
        """The tasks with a limit on concurrency whose runs are waited for."""
        return list({task for wait in self._waits for task, _ in wait.limited.values()})

    def waits_for_ever(self, run: str, holders: Mapping[str, Collection[str]]) -> bool:
        """Return whether a run would wait for ever. Every other run is taken to end some time.

        Args:
            holders: the runs that the limit of each task counts.
        """
        stuck = {wait.run for wait in self._waits}
        full = self._full_lanes()
        running = {seen.run_id for seen in self._context.busy_slots()} if full else set()

        def is_stuck(awaited: str, wait: RunWait) -> bool:
            if awaited in stuck:
                return True
            task, limit = wait.limited.get(awaited, ("", 0))
            having = holders.get(task, ())
            if task and awaited not in having and len(having) >= limit and stuck.issuperset(having):
                return True
            filled = full.get(wait.lanes.get(awaited, ""))
            return filled is not None and awaited not in running and stuck.issuperset(filled)

        def is_endless(wait: RunWait) -> bool:
            found = (is_stuck(awaited, wait) for awaited in list(wait.pending))
            return bool(wait.pending) and (all(found) if wait.any else any(found))

        while True:
            going = stuck - {wait.run for wait in self._waits if is_endless(wait)}
            if not going:
                return run in stuck
            stuck -= going

    def _full_lanes(self) -> dict[str, set[str]]:
        """Return the runs that wait of lanes in which all runs do that may go on at once. Where
        nodes share the queues, another one may carry out what is queued."""
        if self._context.config.redis != EMBEDDED:
            return {}
        full: dict[str, set[str]] = {}
        for wait in self._waits:
            if _is_live(wait.executor, wait.executor.lane):
                full.setdefault(wait.executor.lane, set()).add(wait.run)
        return {lane: runs for lane, runs in full.items() if len(runs) >= self._most_runs(lane)}

    def _most_runs(self, lane: str) -> int:
        settings = self._context.config.lanes[lane]
        lent = 0 if LANE_OF[lane].single else LENT_MAX
        return (settings.max + lent) * settings.concurrency


def _is_live(executor: ExecutorEntry, lane: str) -> bool:
    return executor.lane == lane and executor.phase is ExecutorPhase.LIVE
