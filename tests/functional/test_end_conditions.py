"""End conditions: what makes them true ends the run, and the record says so."""

from collections.abc import Iterator

import pytest

from tests.functional.conftest import PROGRAMS
from tests.helpers.daemon import Daemon
from tests.helpers.running import client, until_running


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon with the app of `tests/programs/scheduled.py`."""
    found = Daemon("scheduled:session", cwd=PROGRAMS, flags=["--set", "stop_grace=2s"]).start()
    yield found
    log = found.log.read_text()
    left = found.close()
    assert not left, f"left behind: {left}; the daemon's log:\n{log}"
    assert "Traceback" not in log, log


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


def test_an_end_condition_on_another_task_is_true_after_its_event(daemon: Daemon) -> None:
    with client(daemon) as rt:
        run = until_running(rt.submit("cautious"))
        rt.submit("first", fail=True).wait(timeout=20)
        run.wait(timeout=20)
        assert (run.state, run.row["by"]) == ("terminated", "end condition")
        assert "first last failed" in (run.row["why"] or "")
