"""How many executors a lane is given."""

import time

import pytest

from rtd.config.config import LaneConfig
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorExit, ExecutorPhase
from rtd.supervisor.pools.lane_pool import FIRST_WAIT_S, Pool, missing_executors


@pytest.mark.parametrize(
    ("alive", "queued", "idle", "wanted"),
    [
        (0, 0, 0, 1),  # the minimum
        (1, 0, 1, 0),
        (1, 1, 1, 0),  # an executor is idle
        (1, 1, 0, 1),
        (1, 100, 0, 3),  # never above the maximum
        (4, 100, 0, 0),
        (5, 100, 0, 0),  # more than the maximum: after a change of the settings
        (2, 3, 1, 2),
    ],
)
def test_a_lane_grows_with_what_waits_within_its_bounds(
    alive: int, queued: int, idle: int, wanted: int
) -> None:
    assert missing_executors(LaneConfig(min=1, max=4), alive, queued, idle) == wanted


def test_executors_with_many_places_are_counted_by_their_places() -> None:
    lane = LaneConfig(max=5, concurrency=10)
    assert [missing_executors(lane, 0, queued, 0) for queued in (0, 1, 10, 11, 1000)] == [
        0,
        1,
        1,
        2,
        5,
    ]


def young(phase: ExecutorPhase = ExecutorPhase.LIVE) -> ExecutorEntry:
    """An executor that has just started."""
    return ExecutorEntry("x", "process", 1, 1, 0, 1, 1, time.monotonic_ns(), phase)


CRASH = ExecutorExit("x", "process", 1, code=1)


def test_an_executor_that_fails_at_once_makes_the_next_one_wait() -> None:
    pool = Pool("process")
    pool.count_crash(CRASH, young(), busy=False)
    first_s = pool.not_before - time.monotonic()
    pool.count_crash(CRASH, young(), busy=False)
    assert 0 < first_s <= FIRST_WAIT_S < pool.not_before - time.monotonic()


@pytest.mark.parametrize(
    ("gone", "executor", "busy"),
    [
        (ExecutorExit("x", "process", 1, code=0), young(), False),
        (CRASH, young(ExecutorPhase.KILLED), False),
        (CRASH, young(), True),
        (CRASH, ExecutorEntry("x", "process", 1, 1, 0, 1, 1, 0), False),
    ],
    ids=["ended in order", "killed by rtd", "had a run", "old"],
)
def test_other_ends_of_an_executor_are_no_crash(
    gone: ExecutorExit, executor: ExecutorEntry, busy: bool
) -> None:
    pool = Pool("process")
    pool.count_crash(gone, executor, busy)
    assert pool.not_before == 0.0


def test_ordered_executors_are_pending_until_they_start() -> None:
    pool = Pool("process")
    pool.add_pending(2)
    pool.pending.pop(0)
    assert pool.count_pending() == 1
