"""End conditions: what makes them true ends the run, and the record says so."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker, shared_daemon
from tests.helpers.running import client, restart_supervisor, until_running
from tests.helpers.source import PROGRAMS


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon with the app of `tests/programs/scheduled.py`."""
    with shared_daemon("scheduled:session", ["--set", "stop_grace=2s"], cwd=PROGRAMS) as daemon:
        yield daemon


@pytest.mark.parametrize(
    ("task", "leaf"),
    [
        ("endless", "`running past 300 ms`: the run began"),
        ("greedy", "`memory above 200 MB`: the run has used up to"),
    ],
)
def test_a_true_end_condition_ends_the_run_and_names_its_leaf(
    daemon: Daemon, task: str, leaf: str
) -> None:
    with client(daemon) as rt:
        run = rt.submit(task)
        run.wait(timeout=20)
        assert (run.state, run.row["by"]) == ("terminated", "end condition")
        assert leaf in (run.row["why"] or "")


def test_memory_that_a_run_shares_with_its_forks_counts_once(daemon: Daemon) -> None:
    with client(daemon) as rt:
        run = rt.submit("family").wait(timeout=20)
        assert (run.state, run.row["by"]) == ("terminated", "end condition")
        assert (run.row["why"] or "").startswith("`running past 2 seconds`: ")
        moment = r"\(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+\)"
        assert re.search(rf" {moment}$", run.row["why"] or ""), run.row["why"]


def test_an_end_condition_on_another_task_is_true_after_its_event(daemon: Daemon) -> None:
    with client(daemon) as rt:
        run = until_running(rt.submit("cautious"))
        rt.submit("first", fail=True).wait(timeout=20)
        run.wait(timeout=20)
        assert (run.state, run.row["by"]) == ("terminated", "end condition")
        assert "first last failed" in (run.row["why"] or "")


PLAIN = """
import time
from rtd import Session

session = Session(timezone="UTC")

@session.task
def first():
    raise ValueError("as asked")
"""
ENDED = """
@session.task(end_cond="task 'first' has failed & running past 100 ms")
def lasting():
    time.sleep(600)
"""


@pytest.mark.parametrize("killed", [False, True])
def test_a_run_ends_as_the_app_says_in_which_it_began(
    start_daemon: DaemonMaker, tmp_path: Path, killed: bool
) -> None:
    file = tmp_path / "app.py"
    file.write_text(PLAIN + ENDED)
    daemon = start_daemon("app.py", cwd=tmp_path, flags=["--set", "stop_grace=1s"])
    with client(daemon) as rt:
        run = until_running(rt.submit("lasting"))
        file.write_text(PLAIN)  # no task has any condition now
        assert "gone: lasting" in daemon.ok("reload")
        if killed:
            restart_supervisor(daemon)
        rt.submit("first").wait(timeout=20)
        run.wait(timeout=20)
        assert (run.state, run.row["by"]) == ("terminated", "end condition")
        assert "first last failed" in (run.row["why"] or "")
