"""Hunts: of what resists and breeds nothing is left, and bystanders live."""

import json
import os
import subprocess
import sys
import uuid
from typing import Any

import pytest

from tests.helpers.processes import MARK, kill_marked
from tests.helpers.source import ROOT


def hunts(repetitions: int, *breed: str) -> list[dict[str, Any]]:
    """What `tests.programs.hunter` reports of so many kills."""
    mark = uuid.uuid4().hex
    command = [sys.executable, "-m", "tests.programs.hunter", mark, str(repetitions), *breed]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, MARK: mark},
            stdout=subprocess.PIPE,
            timeout=170,
            start_new_session=True,
            check=True,
        )
    finally:
        left = kill_marked(mark)
    assert left == []
    results: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(results) == repetitions
    return results


def assert_clean(results: list[dict[str, Any]]) -> None:
    """Nothing left, nobody else hurt, the root's status known."""
    assert [r for r in results if r["left"] or r["bystanders_gone"]] == []
    assert {r["root"] for r in results} == {"SIGKILL"}


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_hundred_deaf_breeding_families_leave_nothing() -> None:
    results = hunts(100, "family")
    assert_clean(results)
    assert min(r["ended"] for r in results) >= 40
    times = sorted(r["ms"] for r in results)
    assert times[50] < 1000, times


@pytest.mark.parametrize(
    "breed",
    ["clan", "wide --delay 0.001", "wide --setsid", "chain", "chain --setsid",
     "chain --setsid --delay 0.001"],
)  # fmt: skip
def test_bombs_end(breed: str) -> None:
    results = hunts(8, *breed.split())
    assert_clean(results)
    assert sorted(r["ms"] for r in results)[4] < 3000
