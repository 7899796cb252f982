"""Killing whole process trees: of a tree that resists nothing is left, and bystanders live."""

import pytest

from tests.helpers.kill_trees import assert_clean, check_families, kill_trees


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_deaf_breeding_families_leave_nothing() -> None:
    check_families(25)


@pytest.mark.parametrize(
    "breed",
    ["clan", "wide --delay 0.001", "wide --setsid", "chain", "chain --setsid",
     "chain --setsid --delay 0.001"],
)  # fmt: skip
def test_bombs_end(breed: str) -> None:
    results = kill_trees(8, *breed.split())
    assert_clean(results)
    assert sorted(r["ms"] for r in results)[4] < 3000
