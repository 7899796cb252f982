"""Section 5: every SPAN."""

from datetime import timedelta

import pytest

from rtd.conditions import ConditionError, every, format_span, parse
from tests.unit.language.support import change, holds


def test_s5_never_run_is_true_at_once() -> None:
    assert holds("every 10 minutes", "10:00")
    assert change("every 10 minutes", "10:00") == "-"


def test_s5_both_ends_of_the_span_are_included() -> None:
    log = [("run", "10:00")]
    assert not holds("every 10 minutes", "10:00", log)
    assert not holds("every 10 minutes", "10:10", log)
    assert holds("every 10 minutes", "10:10:00.000001", log)
    assert change("every 10 minutes", "10:05", log) == "2024-01-15 10:10:00.000001"


def test_s5_the_start_counts_not_the_end() -> None:
    assert holds("every 10 minutes", "10:15", [("run", "10:00"), ("success", "10:14")])
    assert holds("every 10 minutes", "10:15", [], {"x": [("run", "10:14")]})


@pytest.mark.parametrize(
    ("span", "seconds"),
    [
        ("10 minutes", 600),
        ("1 hour", 3600),
        ("1 hour, 30 min", 5400),
        ("1 hour and 30 min", 5400),
        ("1 hour, and 30 min", 5400),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("1.5 hours", 5400),
        (".5 h", 1800),
        ("2 hr", 7200),
        ("1 w", 604800),
        ("2 weeks", 1209600),
        ("1 day, 12 hour, 30 min, 20 sec", 131420),
        ("1d", 86400),
        ("3 days", 259200),
        ("90 s", 90),
        ("1 second", 1),
        ("250 ms", 0.25),
        ("0.5 ms", 0.0005),
        ("01:30:00", 5400),
        ("00:00:10", 10),
        ("00:00:00.25", 0.25),
        ("36:00:00", 129600),
        ("1 day 02:00:00", 93600),
        ("1 m 1 m", 120),
    ],
)
def test_s5_spans(span: str, seconds: float) -> None:
    condition = parse(f"every {span}")
    assert condition == every(span) == every(timedelta(seconds=seconds))
    assert parse(str(condition)) == condition


@pytest.mark.parametrize(
    ("span_us", "words"),
    [(5_400_000_000, "1 hour 30 minutes"), (86_400_000_000, "1 day"), (1_500, "1.5 ms")],
)
def test_s5_spans_are_written_in_plain_words(span_us: int, words: str) -> None:
    assert format_span(span_us) == words


@pytest.mark.parametrize(
    "span", [timedelta(0), timedelta(seconds=-1), 60, "60", "", "soon", "1e5 s"]
)
def test_s5_objects_refuse_the_same_spans(span: object) -> None:
    with pytest.raises(ConditionError):
        every(span)  # type: ignore[arg-type]
