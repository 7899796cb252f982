"""A task whose condition stays true while its runs fail starts less and less often."""

from itertools import pairwise

import pytest

from rtd.language.core.run_history import FAIL, INACTION, SUCCESS, TERMINATE
from rtd.planner.scheduled_task import FAILING
from tests.unit.planner.clockwork import SECOND, Clockwork, at


def end(clock: Clockwork, run_id: str, action: str, at_us: int) -> None:
    """End a run at a moment."""
    clock.planner.events.record_end("job", action, run_id, at_us)


def starts(condition: str, action: str, seconds: int, step_s: float = 0.05) -> list[float]:
    """When the task starts, in seconds from the beginning, if each run ends after a moment."""
    clock = Clockwork("10:00", job=condition)
    began, found = clock.now, list(clock.begin(None))
    moments = [0.0] * len(found)
    last = found[-1] if found else None
    now = clock.now
    while now < began + seconds * SECOND:
        now += round(step_s * SECOND)
        if last is not None:
            clock.planner.events.record_begin("job", last.run_id, now - 1)
            clock.planner.advance(now - 1)
            end(clock, last.run_id, action, now)
            last = None
        for one in clock.planner.advance(now):
            last = one
            moments.append((now - began) / SECOND)
    return moments


@pytest.mark.parametrize("action", [FAIL, TERMINATE, INACTION])
@pytest.mark.parametrize("condition", ["always", "~task 'job' is running", "~has succeeded today"])
def test_failures_are_followed_by_waits_that_grow_to_a_minute(condition: str, action: str) -> None:
    moments = starts(condition, action, 400)
    waits = [round(b - a) for a, b in pairwise(moments)]
    assert waits[:8] == [0, 1, 2, 4, 8, 16, 32, 60]
    assert set(waits[8:]) == {60}
    assert len(moments) < 15


def test_successes_are_not_damped() -> None:
    assert len(starts("always", SUCCESS, 10)) > 150


def test_due_moments_of_a_clock_are_kept_though_runs_fail() -> None:
    assert len(starts("every 1 s", FAIL, 20)) >= 19


def test_a_run_that_has_worked_for_a_while_is_the_first_of_a_row() -> None:
    assert len(starts("~task 'job' is running", FAIL, 1000, step_s=61)) == 18


def test_a_start_that_was_held_back_says_why() -> None:
    clock = Clockwork("10:00", job="always")
    found, now = list(clock.begin(None)), at("10:00")
    for wait_s in (1, 1, 2):
        end(clock, found[-1].run_id, FAIL, now)
        found += clock.planner.advance(now)
        ended, now = now, now + wait_s * SECOND
        found += clock.planner.advance(now)
    late = found[-1]
    assert (len(found), late.verdict, late.due_us) == (4, "late", ended)
    assert late.reason == FAILING


def test_a_success_ends_the_waits() -> None:
    clock = Clockwork("10:00", job="always")
    (first,) = clock.begin(None)
    history = clock.planner.views.history
    end(clock, first.run_id, FAIL, at("10:00"))
    assert history.failures("job") == 1
    (second,) = clock.planner.advance(at("10:00") + SECOND)
    end(clock, second.run_id, FAIL, at("10:00") + 2 * SECOND)
    assert clock.planner.advance(at("10:00") + 2 * SECOND) == []
    (third,) = clock.planner.advance(at("10:00") + 3 * SECOND)
    end(clock, third.run_id, SUCCESS, at("10:00") + 4 * SECOND)
    assert history.failures("job") == 0
    assert len(clock.planner.advance(at("10:00") + 4 * SECOND)) == 1
