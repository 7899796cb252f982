"""rtctl kill: a run and everything it started."""

import json
import sys
import time
from pathlib import Path

from tests.helpers.daemon import Daemon
from tests.helpers.rows import row_of, submit, until_output_has, until_state
from tests.helpers.running import is_alive
from tests.helpers.source import PROGRAMS


def test_every_process_is_printed_and_gone(jobs: Daemon) -> None:
    run = submit(jobs, "family")
    child = int(until_output_has(jobs, run, "\n"))
    text = jobs.ok("kill", run, "--grace", "0.2s", "--reason", "not needed")
    assert f"{run}  terminated" in text
    assert f"  {child}  sleep 600  killed (SIGKILL)" in text.splitlines()
    assert not is_alive(child)
    assert f"ended {child} sleep 600: SIGKILL" in jobs.ok("show", run)
    row = row_of(jobs, run)
    assert row["state"] == "terminated"
    assert "not needed" in row["why"]


def test_a_deaf_command_is_killed_after_the_grace_with_its_pids(jobs: Daemon) -> None:
    run = submit(jobs, "--", sys.executable, str(PROGRAMS / "deaf.py"))
    until_output_has(jobs, run, "ready")
    began = time.monotonic()
    answer = json.loads(jobs.ok("kill", run, "--grace", "0.3s", "-j"))
    assert 0.3 <= time.monotonic() - began < 10
    (outcome,) = answer["runs"]
    assert outcome["state"] == "terminated"
    assert outcome["pids"]
    assert all(not is_alive(entry["pid"]) for entry in outcome["pids"])
    assert {"pid", "name", "how"} <= set(outcome["pids"][0])
    names = [entry["name"] for entry in outcome["pids"]]
    (name,) = [name for name in names if name != "rtd: command command"]
    assert name.startswith(f"{Path(sys.executable).name} ")
    assert name.endswith("/programs/deaf.py")


def test_a_queued_run_is_cancelled(jobs: Daemon) -> None:
    run = submit(jobs, "add", "a:=1", "--in", "1h")
    assert "cancelled" in jobs.ok("kill", run)
    assert row_of(jobs, run)["state"] == "cancelled"


def test_several_targets_each_have_their_outcome(jobs: Daemon, gate: Path) -> None:
    run = submit(jobs, "hold", f"gate={gate}.never", "--stop-grace", "0.1s")
    until_state(jobs, run, "running")
    done = jobs.rtctl("kill", run, "nothing-of-this-kind", "--grace", "0.1s")
    assert done.returncode == 8
    assert run in done.stdout
    assert "nothing-of-this-kind" in done.stderr
    assert until_state(jobs, run, "terminated")


def test_a_run_that_is_over_cannot_be_killed(jobs: Daemon) -> None:
    run = submit(jobs, "add", "a:=1", "--wait")
    done = jobs.rtctl("kill", run)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (6, "", 1)
    assert row_of(jobs, run)["state"] == "succeeded"


def test_bad_input_is_one_line(jobs: Daemon) -> None:
    for words, code in (
        ([], 2),
        (["nothing-of-this-kind"], 5),
        (["01AAAAAAAAAAAAAAAAAAAAAAAA", "--grace", "soon"], 2),
    ):
        done = jobs.rtctl("kill", *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
