"""The supervisor killed while tasks come due: nothing is lost, nothing runs twice."""

from collections.abc import Callable
from pathlib import Path

from tests.helpers.daemon import Daemon
from tests.helpers.killing import PROGRAMS, kill_and_check


def test_a_killed_supervisor_loses_no_occurrence_and_runs_none_twice(
    start_daemon: Callable[..., Daemon], tmp_path: Path
) -> None:
    path = tmp_path / "ticks"
    daemon = start_daemon("ticking:session", cwd=PROGRAMS, env={"TICKS": str(path)})
    kill_and_check(daemon, path, kills=4, seed=1)
