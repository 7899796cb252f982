"""When tasks start next, while runs of theirs are going."""

import asyncio

import pytest

from rtd.model.schedule import Schedule
from rtd.supervisor.explain.forecast import blocking_run, next_starts
from tests.unit.planner.clockwork import DAY, SECOND, Clockwork, at


def forecast(text: str, overlap: bool = False, begun: bool = True) -> tuple[bool, list[int]]:
    """Of a task whose run started at 07:00: at 07:00:20, whether it waits for that, and the next
    two starts."""
    clock = Clockwork("07:00", task=Schedule(text, overlap=overlap))
    (started,) = clock.begin(run_us=None)
    planner, now_us = clock.planner, at("07:00:20")
    planner.advance(now_us)
    entry = planner.tasks["task"]
    runs = {started.run_id} if begun else set()
    waits = blocking_run(planner, entry, runs, now_us) is not None
    return waits, [
        at_us - at_us % SECOND for at_us, _ in asyncio.run(next_starts(planner, [entry], 2, now_us))
    ]


def test_a_run_that_ends_before_the_next_start_keeps_no_task_waiting() -> None:
    assert forecast("every 1 minute") == (False, [at("07:01"), at("07:02")])
    days = [at("06:00") + day * DAY for day in (1, 2)]
    assert forecast("daily after 06:00") == (False, days)


@pytest.mark.parametrize("text", ["every 10 seconds", "true", "time of day after 06:00"])
def test_a_task_that_could_start_waits_for_its_run(text: str) -> None:
    assert forecast(text)[0]
    assert not forecast(text, overlap=True)[0]


def test_a_run_that_has_not_begun_is_waited_for() -> None:
    assert forecast("every 1 minute", begun=False)[0]


def test_no_start_is_in_the_past() -> None:
    clock = Clockwork("07:00", task="every 10 seconds")
    clock.begin()
    clock.go("07:00:01")
    entry = clock.planner.tasks["task"]
    ((at_us, _),) = asyncio.run(next_starts(clock.planner, [entry], 1, at("07:00:30")))
    assert at_us > at("07:00:30")
