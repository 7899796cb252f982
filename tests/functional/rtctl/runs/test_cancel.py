"""rtctl cancel: withdraw runs that have not started."""

from pathlib import Path

from tests.helpers.daemon import Daemon
from tests.helpers.rows import row_of, submit, until_state


def test_a_waiting_run_never_runs(jobs: Daemon) -> None:
    run = submit(jobs, "add", "a:=1", "--in", "1h")
    assert jobs.ok("cancel", run, "--reason", "changed my mind") == f"{run}  cancelled\n"
    row = row_of(jobs, run)
    assert (row["state"], row["attempt"]) == ("cancelled", 0)
    assert "changed my mind" in row["why"]
    assert jobs.rtctl("wait", run).returncode == 125


def test_a_running_one_is_left_alone(jobs: Daemon, gate: Path) -> None:
    run = submit(jobs, "hold", f"gate={gate}")
    until_state(jobs, run, "running")
    done = jobs.rtctl("cancel", run)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (6, "", 1)
    gate.touch()
    until_state(jobs, run, "succeeded")


def test_several_are_partly_cancelled(jobs: Daemon) -> None:
    waiting = submit(jobs, "add", "a:=1", "--in", "1h")
    over = submit(jobs, "add", "a:=1", "--wait")
    done = jobs.rtctl("revoke", waiting, over, "nothing-of-this-kind")
    assert done.returncode == 8
    assert done.stdout == f"{waiting}  cancelled\n"
    assert done.stderr.count("\n") == 2


def test_bad_input_is_one_line(jobs: Daemon) -> None:
    for words, code in (([], 2), (["nothing-of-this-kind"], 5)):
        done = jobs.rtctl("cancel", *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
