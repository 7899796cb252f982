"""The supervisor killed while tasks come due: nothing is lost, nothing runs twice."""

import json
import time
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.killing import kill_and_check, ticks
from tests.helpers.occurrences import connect_redis, occurrences, outcome_text
from tests.helpers.source import PROGRAMS


@pytest.mark.slow
def test_a_killed_supervisor_loses_no_occurrence_and_runs_none_twice(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    path = tmp_path / "ticks"
    daemon = start_daemon("ticking:session", cwd=PROGRAMS, env={"TICKS": str(path)})
    kill_and_check(daemon, path, kills=4, seed=1)


def test_a_stop_over_five_due_times_leaves_five_records_and_each_policy_does_what_it_says(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    path = tmp_path / "ticks"
    daemon = start_daemon("ticking:session", cwd=PROGRAMS, env={"TICKS": str(path)})
    until(lambda: len(ticks(path)) > 20, what="ticks")
    daemon.stop()
    stopped_at = time.time()
    until(lambda: time.time() > stopped_at + 0.7, what="seven due moments")
    daemon.start()
    started_at = time.time()
    before = len(ticks(path))
    until(lambda: len(ticks(path)) > before + 20, what="ticks after the stop")
    with connect_redis(daemon) as link:
        for task, verdicts in VERDICTS.items():
            missed = [
                outcome_text(due)
                for due in occurrences(link, task)
                if stopped_at + 0.2 < due.due_us / 1e6 < min(started_at, stopped_at + 0.7)
            ]
            assert len(missed) >= 4, task
            assert set(missed) <= verdicts, task
            rows = _missed_by_the_stop(daemon, task)
            assert len(rows) >= 5
            assert {row["verdict"] for row in rows} <= verdicts, task


def test_a_task_that_is_new_is_not_made_up_for_a_stop_before_it_was_there(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(APP)
    daemon = start_daemon(str(app))
    until(lambda: "old" in daemon.ok("ls", "-j"), what="a run of the old task")
    daemon.stop()
    app.write_text(APP + APP.partition("\n\n")[2].replace("old", "new"))
    stopped_at = time.time()
    until(lambda: time.time() > stopped_at + 0.7, what="due moments of the stop")
    daemon.start()
    until(lambda: _runs(daemon, "new"), what="a run of the new task")
    assert _missed_by_the_stop(daemon, "new") == []
    assert len(_missed_by_the_stop(daemon, "old")) >= 4


def _missed_by_the_stop(daemon: Daemon, task: str) -> list[dict[str, str]]:
    """Return the misses of a task but those that came while a run of its own was going."""
    rows = json.loads(daemon.ok("misses", task, "-j", "--limit", "1000"))["misses"]
    return [row for row in rows if row["reason"].startswith("rtd was not running")]


def _runs(daemon: Daemon, task: str) -> list[object]:
    found: list[object] = json.loads(daemon.ok("ls", "--task", task, "-j"))["runs"]
    return found


APP = """from rtd import Session
session = Session()

@session.task(start_cond="every 100 ms", catch_up="all")
def old():
    pass
"""

#: What becomes of moments that were due while rtd was not running.
VERDICTS = {
    "none": {"missed"},
    "last": {"coalesced", "late"},
    "all": {"late"},
    "within": {"coalesced", "late"},
    "too-late": {"missed"},
    "if-true": {"coalesced", "late"},
}
