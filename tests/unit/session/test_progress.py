"""Progress reports: numbers that no part of rtd could show are refused at the call."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from rtd.session import progress
from rtd.session.context.run_context import CurrentRun


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [((-1, 10), ValueError), ((float("nan"), 1), ValueError), ((1, float("inf")), ValueError),
     ((1, -5), ValueError), ((10**400, None), ValueError), (("x", 2), TypeError),
     (("1", 2), TypeError), ((None, 2), TypeError), ((1, [2]), TypeError)],
)  # fmt: skip
def test_what_is_no_amount_is_refused(numbers: tuple[Any, Any], kind: type[Exception]) -> None:
    reports: list[Any] = []
    run = CurrentRun("r", "t", 1, lambda *report: reports.append(report))
    with pytest.raises(kind, match=r"^progress: (done|total) must be "):
        run.progress(*numbers)
    with pytest.raises(kind, match=r"^progress: "):
        progress(*numbers)  # outside a run, as in a test of a task
    assert reports == []


def test_all_numbers_are_reported() -> None:
    reports: list[Any] = []
    run = CurrentRun("r", "t", 1, lambda *report: reports.append(report))
    run.progress(5, 0)
    run.progress(Decimal("0.5"), Fraction(3, 2), "x")  # type: ignore[arg-type]
    run.progress(1 << 80)
    assert reports == [(5, 0, ""), (0.5, 1.5, "x"), (float(1 << 80), None, "")]
    progress(1, 2)
