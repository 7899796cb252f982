"""rtctl retry: the same again, as a new run."""

import json
from pathlib import Path

from tests.helpers.daemon import Daemon
from tests.helpers.rows import row_of, submit, until_state


def test_a_new_run_with_the_same_parameters_and_options(jobs: Daemon) -> None:
    run = submit(jobs, "add", "a:=3", "b:=4", "-Q", "again", "--label", "blue", "--wait")
    new = jobs.ok("retry", run).strip()
    assert new != run
    row = until_state(jobs, new, "succeeded")
    assert (row["queue"], row["labels"]) == ("again", ["blue"])
    assert jobs.ok("result", new) == "7\n"
    assert f"\nretry of      {run}\n" in jobs.ok("show", new)
    assert "retry of" not in jobs.ok("show", run)
    third = jobs.ok("retry", new).strip()
    assert json.loads(jobs.ok("show", third, "-j"))["retry_of"] == new
    quiet = jobs.ok("retry", run, "-q").strip()
    assert until_state(jobs, quiet, "succeeded")["id"] not in (run, new)


def test_a_command_too(jobs: Daemon) -> None:
    run = submit(jobs, "--wait", "--env", "A=1", "--", "sh", "-c", "echo $A")
    new = jobs.ok("requeue", run).strip()
    until_state(jobs, new, "succeeded")
    assert jobs.ok("logs", new) == "1\n"


def test_it_may_be_waited_for(jobs: Daemon) -> None:
    good = submit(jobs, "add", "a:=3", "--wait")
    bad = jobs.rtctl("submit", "--wait", "--", "sh", "-c", "exit 5").stdout.strip()
    done = jobs.rtctl("retry", bad, "--wait")
    assert (done.returncode, done.stderr.count("\n")) == (5, 1)
    assert row_of(jobs, done.stdout.strip())["state"] == "error"
    done = jobs.rtctl("retry", good, bad, "--wait")
    assert (done.returncode, done.stdout.count("\n")) == (8, 2)
    assert jobs.rtctl("retry", good, "nothing-of-this-kind", "--wait").returncode == 8


def test_a_run_that_is_not_over_is_refused(jobs: Daemon, gate: Path) -> None:
    run = submit(jobs, "hold", f"gate={gate}")
    done = jobs.rtctl("retry", run)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (6, "", 1)
    gate.touch()
    assert until_state(jobs, run, "succeeded")


def test_bad_input_is_one_line(jobs: Daemon) -> None:
    over = submit(jobs, "add", "a:=1", "--wait")
    assert row_of(jobs, over)["state"] == "succeeded"
    empty = jobs.rtctl("retry").stderr
    assert empty.startswith(
        "rtctl: retry: which RUN? (a list such as `$(rtctl ls -q)` may be empty;"
    )
    for words, code in (([], 2), (["nothing-of-this-kind"], 5)):
        done = jobs.rtctl("retry", *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
