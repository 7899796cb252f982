"""rtctl result: the value that a run returned, or why there is none."""

import json
from pathlib import Path

from tests.helpers.daemon import Daemon
from tests.helpers.rows import submit, until_state


def test_text_comes_plain_and_the_rest_as_json(jobs: Daemon) -> None:
    assert jobs.ok("result", submit(jobs, "echo", "value=a b", "--wait")) == "a b\n"
    assert jobs.ok("result", submit(jobs, "add", "a:=1", "--wait")) == "1\n"
    run = submit(jobs, "echo", 'value:={"started_at": 5, "x": [true]}', "--wait")
    assert json.loads(jobs.ok("result", run)) == {"started_at": 5, "x": [True]}
    assert json.loads(jobs.ok("result", run, "-j"))["value"] == {"started_at": 5, "x": [True]}


def test_none_prints_nothing(jobs: Daemon) -> None:
    assert jobs.ok("result", submit(jobs, "speak", "--wait")) == ""


def test_a_run_that_is_not_over_is_code_3(jobs: Daemon, gate: Path) -> None:
    run = submit(jobs, "hold", f"gate={gate}")
    done = jobs.rtctl("result", run)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert jobs.rtctl("result", run, "--timeout", "0.1s").returncode == 124
    gate.touch()
    assert jobs.ok("result", run, "--wait") == "released\n"


def test_a_failure_is_said_in_one_line_with_the_run_s_code(jobs: Daemon) -> None:
    run = submit(jobs, "crash")
    until_state(jobs, run, "exception")
    done = jobs.rtctl("result", run)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "ValueError: no such luck" in done.stderr
    assert "jobs.py" in jobs.rtctl("result", run, "--traceback").stderr
    run = submit(jobs, "--", "sh", "-c", "exit 6")
    until_state(jobs, run, "error")
    assert jobs.rtctl("result", run).returncode == 6
