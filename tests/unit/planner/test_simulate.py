"""A year in seconds, and forecasts that come true."""

import time

import pytest

from rtd.planner.simulate import simulate
from tests.unit.planner.clockwork import DAY, SECOND, Clockwork, at, infos, told

MIX = (
    "daily after 08:00",
    "every 6 hours",
    "cron 0 */4 * * *",
    "weekly on Monday",
    "monthly after 15th",
    "hourly & time of day between 10:00 and 12:00",
    "daily between 22:00 and 02:00",
    "after task 't0'",
    "after any tasks 't1', 't2'",
    "task 't3' has succeeded today & daily after 12:00",
)


def mix() -> dict[str, str]:
    """A hundred tasks with mixed conditions."""
    return {f"t{n}": MIX[n % len(MIX)] for n in range(100)}


def test_a_year_of_a_hundred_mixed_conditions_takes_seconds_not_minutes() -> None:
    began = time.process_time()
    count = sum(1 for _ in simulate(infos(**mix()), at("00:00"), at("00:00") + 365 * DAY))
    assert time.process_time() - began < 30  # two seconds where nothing else runs
    assert count > 50_000


def test_the_simulation_is_the_planner_on_a_clock_moved_by_hand() -> None:
    until = at("00:00") + 5 * DAY
    simulated = list(simulate(infos(**mix()), at("00:00"), until, run_us=SECOND))
    clock = Clockwork("00:00", **mix())
    found = clock.begin()
    ends = [(one.start_us + SECOND, one) for one in found if one.makes_run]
    while True:
        wake = clock.planner.next_wake()
        now = min([*(e for e, _ in ends), *([] if wake is None else [wake]), until])
        if now >= until:
            break
        for end, one in sorted(e for e in ends if e[0] <= now):
            clock.planner.events.record_end(one.task, "success", one.run_id, end)
        ends = [e for e in ends if e[0] > now]
        new = clock.planner.advance(now)
        found += new
        ends += [(one.start_us + SECOND, one) for one in new if one.makes_run]
    assert sorted(told(found)) == sorted(told(simulated))


def test_clock_changes_move_the_starts() -> None:
    tasks = infos(a="daily after 08:00")
    found = list(simulate(tasks, at("00:00"), at("00:00") + 200 * DAY, "Europe/Helsinki"))
    hours = {(one.due_us // (3600 * SECOND)) % 24 for one in found}
    assert hours == {6, 5}


@pytest.mark.parametrize(
    "condition",
    [
        *MIX[:7],
        "daily after 08:00 & time of week after Wednesday",
        "cron 5 4 * * sun",
        "every 90 s",
    ],
)
def test_the_next_time_that_is_named_is_when_the_task_starts(condition: str) -> None:
    clock = Clockwork("06:30", task=condition)
    for _ in clock.begin():
        pass
    clock.go("06:31")
    entry = clock.planner.tasks["task"]
    for _ in range(5):
        moment = entry.condition.next_true(clock.planner.views.view_of(entry, clock.now))
        assert moment is not None
        named = round(moment.timestamp() * SECOND)
        assert clock.go(named - 1) == []
        (started,) = clock.go(named)
        assert (started.due_us, started.verdict) == (named, "ran")
