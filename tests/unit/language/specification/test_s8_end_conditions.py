"""Section 8, end conditions: they ask about the run that is being watched."""

from datetime import UTC

import pytest

from rtd.conditions import Sample, parse
from tests.unit.language.support import at, change, holds

BEGAN = at("10:00").replace(tzinfo=UTC).timestamp()


def sample(**more: object) -> dict[str, Sample]:
    return {"sample": Sample(started_at=BEGAN, **more)}  # type: ignore[arg-type]


ALL = [
    "running past 1 second",
    "memory above 0 B",
    "cpu time above 1 ms",
    "cpu above 0 % for 1 ms",
    "no output past 1 second",
]


@pytest.mark.parametrize("text", ALL)
def test_s8_false_while_no_run_is_watched(text: str) -> None:
    assert not holds(text, "11:00")
    assert change(text, "11:00") == "-"


def test_s8_running_past() -> None:
    assert not holds("running past 10 minutes", "10:10", **sample())
    assert holds("running past 10 minutes", "10:10:00.000001", **sample())
    assert change("running past 10 minutes", "10:01", **sample()) == "2024-01-15 10:10:00.000001"


def test_s8_no_output_past_counts_from_the_start_at_first() -> None:
    text = "no output past 10 minutes"
    assert change(text, "10:01", **sample()) == "2024-01-15 10:10:00.000001"
    assert holds(text, "10:11", **sample())
    assert not holds(text, "10:11", **sample(output_at=BEGAN + 120))
    assert change(text, "10:11", **sample(output_at=BEGAN + 120)) == "2024-01-15 10:12:00.000001"


def test_s8_memory_and_cpu_time_above() -> None:
    assert not holds("memory above 1 MB", "10:01", **sample(memory_bytes=1_000_000))
    assert holds("memory above 1 MB", "10:01", **sample(memory_bytes=1_000_001))
    assert not holds("cpu time above 2 s", "10:01", **sample(cpu_s=2.0))
    assert holds("cpu time above 2 s", "10:01", **sample(cpu_s=2.01))


@pytest.mark.parametrize(
    ("percents", "value"),
    [
        ((), False),
        ((200,), False),
        ((0, 200, 200, 200), True),
        ((0, 200, 200), False),
        ((0, 200, 150, 200), False),
        ((0, 100, 200, 200, 200), True),
        ((0, 200, 200, 200, 100), False),
    ],
)
def test_s8_cpu_above_needs_the_whole_span_without_a_break(
    percents: tuple[float, ...], value: bool
) -> None:
    entries = tuple((BEGAN + 10 * i, percent) for i, percent in enumerate(percents))
    found = sample(cpu_percents=entries)
    assert holds("cpu above 150 % for 30 seconds", "10:01", **found) is value


@pytest.mark.parametrize(
    "text", ["time of day between 16:00 and 20:00", "task 'x' has failed", "~task 'x' is running"]
)
def test_s8_every_other_leaf_may_end_a_run_too(text: str) -> None:
    condition = parse(f"{text} | running past 2 hours")
    failed = {"x": [("run", "16:00"), ("fail", "16:10")]}
    assert holds(str(condition), "17:00", [("run", "16:30")], failed, **sample())
