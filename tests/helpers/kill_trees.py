"""Kills process trees again and again by `tests.programs.tree_killer`, and checks what is left."""

import json
import os
import subprocess
import sys
import uuid
from typing import Any

from tests.helpers.processes import MARK, kill_marked
from tests.helpers.source import ROOT


def kill_trees(repetitions: int, *breed: str) -> list[dict[str, Any]]:
    """Return what `tests.programs.tree_killer` reports of so many kills."""
    mark = uuid.uuid4().hex
    command = [sys.executable, "-m", "tests.programs.tree_killer", mark, str(repetitions), *breed]
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
    """Check that nothing is left, that bystanders live, and that the root's status is known."""
    assert [r for r in results if r["left"] or r["bystanders_gone"]] == []
    assert {r["root"] for r in results} == {"SIGKILL"}


def check_families(count: int) -> None:
    """Kill so many families of deaf processes that fork on and on; check each kill.

    The median may take a second: most kills are quick even on a busy machine.
    """
    results = kill_trees(count, "family")
    assert_clean(results)
    assert min(r["ended"] for r in results) >= 40
    times = sorted(r["ms"] for r in results)
    assert times[count // 2] < 1000, times
