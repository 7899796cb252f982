"""The schedule's promise, many times over. Run by `make chaos`."""

from pathlib import Path

import pytest

from tests.helpers.daemon import DaemonMaker
from tests.helpers.killing import kill_and_check
from tests.helpers.source import PROGRAMS

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


def test_fifty_kills_of_the_supervisor_lose_no_occurrence_and_run_none_twice(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    path = tmp_path / "ticks"
    daemon = start_daemon("ticking:session", cwd=PROGRAMS, env={"TICKS": str(path)})
    kill_and_check(daemon, path, kills=50, seed=2)
