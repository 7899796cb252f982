"""The schedule's promise, many times over. Run by `make chaos`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon
from tests.helpers.killing import PROGRAMS, kill_and_check

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


def test_fifty_kills_of_the_supervisor_lose_no_occurrence_and_run_none_twice(
    start_daemon: Callable[..., Daemon], tmp_path: Path
) -> None:
    path = tmp_path / "ticks"
    daemon = start_daemon("ticking:session", cwd=PROGRAMS, env={"TICKS": str(path)})
    kill_and_check(daemon, path, kills=50, seed=2)
