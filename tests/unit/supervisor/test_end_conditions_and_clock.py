"""End conditions go by the time that has passed: a clock that is set ends no run."""

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rtd.language.parser import parse
from rtd.supervisor.core.clock import wall_of_ns
from rtd.supervisor.ending import end_conditions
from rtd.supervisor.ending.end_conditions import EndConditionWatch, OutputClock, WatchedRun

HOUR_S = 3600.0


class Clocks:
    """Both clocks; the test moves them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall_s, self.passed_s = 1_800_000_000.0, 5_000.0
        monkeypatch.setattr(time, "time", lambda: self.wall_s)
        monkeypatch.setattr(time, "monotonic", lambda: self.passed_s)
        monkeypatch.setattr(time, "monotonic_ns", lambda: round(self.passed_s * 1e9))

    def set(self, by_s: float) -> None:
        """Set the wall clock."""
        self.wall_s += by_s

    def let_pass(self, seconds: float) -> None:
        """Let both go on."""
        self.wall_s += seconds
        self.passed_s += seconds


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S])
def test_the_age_of_output_is_the_time_that_has_passed(clocks: Clocks, step_s: float) -> None:
    age, written_at = OutputClock(), clocks.wall_s - 2
    assert age.age_s(written_at) == 2
    clocks.let_pass(3)
    clocks.set(step_s)
    assert age.age_s(written_at) == 5
    assert age.age_s(clocks.wall_s) == 0
    clocks.set(-step_s)
    clocks.let_pass(1)
    assert age.age_s(clocks.wall_s + step_s - 1) == 1


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S])
def test_a_share_of_the_cpu_is_of_the_time_that_has_passed(clocks: Clocks, step_s: float) -> None:
    used = SimpleNamespace(memory_bytes=lambda _bound: 1, cpu_s=lambda: clocks.passed_s / 2)
    watched = WatchedRun()
    for step in (0.0, step_s, -step_s):
        clocks.set(step)
        end_conditions._measure(cast(Any, used), watched, parse("cpu above 90 % for 10 s"))
        clocks.let_pass(1)
    assert [percent for _, percent in watched.percents[1:]] == [50, 50]


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S])
def test_how_long_a_run_goes_on_is_the_time_that_has_passed(clocks: Clocks, step_s: float) -> None:
    seen = SimpleNamespace(run_id="r", started_ns=time.monotonic_ns())
    samples: list[Any] = []
    watch = EndConditionWatch(
        cast(Any, None), lambda _task, _zone, sample, _world: samples.append(sample), print
    )
    watched = WatchedRun(condition=parse("running past 10 minutes"))
    for step in (0.0, step_s):
        clocks.set(step)
        clocks.let_pass(60)
        watch._evaluate(cast(Any, seen), cast(Any, None), watched)
    assert [clocks.wall_s - sample.started_at for sample in samples[1:]] == [120]
    assert wall_of_ns(seen.started_ns) == samples[-1].started_at
