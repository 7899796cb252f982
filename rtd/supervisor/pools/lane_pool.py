"""The state of one lane's pool of executors: what was ordered, and its crashes."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

from rtd.config.config import LaneConfig
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorExit, ExecutorPhase
from rtd.supervisor.core.log import log
from rtd.supervisor.core.retry import Backoff

#: If a zygote has not answered an order to fork for this long, the order is lost.
PENDING_S: Final = 10.0
#: An executor that fails within this time of its start counts as a crash of the lane.
CRASH_AGE_S: Final = 2.0
#: The wait before the next start after a crash; it doubles with each in a row.
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 5.0


def missing_executors(settings: LaneConfig, alive: int, queued: int, idle: int) -> int:
    """Return how many executors to start for the runs that wait, within the lane's bounds.

    Args:
        alive: executors that take work, with those that are starting.
        queued: runs that could start now.
        idle: executors that have nothing to do.
    """
    wanted = -(-queued // settings.concurrency) - idle
    room = settings.max - alive
    return max(settings.min - alive, min(wanted, room), 0)


@dataclass(slots=True)
class Pool:
    """The pool of one lane.

    Attributes:
        lane_suffix: that of its executors, as `ExecutorOptions` has it.
        pending: until when (monotonic) each ordered executor is expected to start.
        backoff: the waits after crashes in a row.
        not_before: no executor is ordered before this time (monotonic).
        timer: checks the lane again at that time.
        passes_demand: other nodes must hear that runs wait, if this lane is full.
    """

    lane: str
    lane_suffix: str = ""
    pending: list[float] = field(default_factory=list)
    backoff: Backoff = field(default_factory=lambda: Backoff(FIRST_WAIT_S, LONGEST_WAIT_S))
    not_before: float = 0.0
    timer: asyncio.TimerHandle | None = None
    passes_demand: bool = False

    def add_pending(self, count: int) -> None:
        """Expect executors that were ordered."""
        self.pending += [time.monotonic() + PENDING_S] * count

    def count_pending(self) -> int:
        """Return how many executors were ordered and have not started yet."""
        now = time.monotonic()
        self.pending = [until for until in self.pending if until > now]
        return len(self.pending)

    def count_crash(
        self, executor_exit: ExecutorExit, executor: ExecutorEntry | None, busy: bool
    ) -> None:
        """Make the next executor wait if this one has failed as soon as it started.

        Args:
            executor: what the supervisor knew of it.
            busy: it had a run.
        """
        failed = executor_exit.code not in (0, None) or executor_exit.signal is not None
        ours = executor is not None and executor.phase is ExecutorPhase.KILLED
        age_s = CRASH_AGE_S if executor is None else (time.monotonic_ns() - executor.born_ns) / 1e9
        if not failed or busy or ours or age_s >= CRASH_AGE_S:
            self.backoff.reset()
            return
        wait_s = self.backoff.next_s()
        self.not_before = time.monotonic() + wait_s
        log.error(
            "a %s executor (pid %d) failed as soon as it was born; the next in %.1f s",
            self.lane, executor_exit.pid, wait_s,
        )  # fmt: skip
