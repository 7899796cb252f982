"""How many executors a lane is given."""

import pytest

from rtd.config.config import LaneConfig
from rtd.supervisor.pools.pools import missing_executors


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
