"""rtctl logs: a run's output, whole, in part, as it comes."""

import json
import re
import time
from pathlib import Path

from tests.helpers.daemon import Daemon
from tests.helpers.deadline import until
from tests.helpers.rows import submit, until_state
from tests.helpers.running import client
from tests.helpers.terminal import Terminal


def test_out_and_err_are_distinguished(jobs: Daemon) -> None:
    run = submit(jobs, "speak", "lines:=2", "--wait")
    both = jobs.rtctl("logs", run)
    assert (both.stdout, both.stderr) == ("out 0\nout 1\n", "err 0\nerr 1\n")
    assert jobs.ok("logs", run, "--stream", "out") == "out 0\nout 1\n"
    assert jobs.ok("logs", run, "--stream", "err") == "err 0\nerr 1\n"


def test_timestamps_name_the_stream(jobs: Daemon) -> None:
    run = submit(jobs, "speak", "--wait")
    lines = jobs.ok("logs", run, "-t").splitlines()
    assert [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \S+ ", "", line) for line in lines] == [
        "out | out 0",
        "err | err 0",
    ]


def test_lines_as_json(jobs: Daemon) -> None:
    run = submit(jobs, "speak", "--wait")
    found = [json.loads(line) for line in jobs.ok("logs", run, "-o", "jsonl").splitlines()]
    assert [(entry["stream"], entry["line"]) for entry in found] == [
        ("out", "out 0"),
        ("err", "err 0"),
    ]
    assert len(json.loads(jobs.ok("logs", run, "-j"))["lines"]) == 2


def test_the_last_lines_only(jobs: Daemon) -> None:
    run = submit(jobs, "--wait", "--", "seq", "1000")
    assert jobs.ok("logs", run, "-n", "3") == "998\n999\n1000\n"
    assert jobs.ok("logs", run, "--tail", "1") == "1000\n"
    assert len(jobs.ok("logs", run).splitlines()) == 1000


def test_follow_ends_with_the_run(jobs: Daemon, gate: Path) -> None:
    run = submit(jobs, "hold", f"gate={gate}")
    terminal = Terminal(["rtctl", "logs", run, "-f"], jobs.env, 80)
    terminal.read_until("holding")
    gate.touch()
    text, code = terminal.finish()
    assert (text, code) == ("holding\nreleased\n", 0)


def test_many_short_lines_and_one_long_line_are_followed_to_the_end(jobs: Daemon) -> None:
    with client(jobs) as rt:
        run = rt.submit("count", lines=150_000)
        assert list(run.logs(follow=True)) == [str(number) for number in range(150_000)]
    run_id = submit(jobs, "--", "sh", "-c", "head -c 30000000 /dev/zero | tr '\\0' x")
    assert len(jobs.ok("logs", run_id, "-f", "-t", timeout_s=20)) == 30_000_000 + 32 + len(
        time.localtime().tm_zone
    )


def test_an_interrupt_of_follow_is_130_and_leaves_the_run_alone(jobs: Daemon, gate: Path) -> None:
    run = submit(jobs, "hold", f"gate={gate}")
    terminal = Terminal(["rtctl", "logs", run, "-f"], jobs.env, 80)
    terminal.read_until("holding")
    terminal.process.send_signal(2)
    text, code = terminal.finish()
    assert code == 130
    assert "Traceback" not in text
    gate.touch()
    until_state(jobs, run, "succeeded")


def test_each_attempt_has_its_own_output(jobs: Daemon, tmp_path: Path) -> None:
    script = f"echo x >> {tmp_path}/n; wc -l < {tmp_path}/n; test $(wc -l < {tmp_path}/n) = 2"
    run = submit(jobs, "--retries", "1", "--backoff", "0.01s", "--wait", "--", "sh", "-c", script)
    assert jobs.ok("logs", run) == "2\n"
    assert jobs.ok("logs", run, "--attempt", "1") == "1\n"


def test_bytes_come_out_as_they_went_in(jobs: Daemon, tmp_path: Path) -> None:
    blob = bytes(range(256)) * 4096
    (tmp_path / "blob").write_bytes(blob)
    run = submit(jobs, "--wait", "--", "cat", str(tmp_path / "blob"))
    copy = tmp_path / "copy"
    done = Terminal(["sh", "-c", f"rtctl logs {run} > {copy}"], jobs.env, 80).finish()
    assert done == ("", 0)
    assert copy.read_bytes() == blob


def test_bad_input_is_one_line(jobs: Daemon) -> None:
    run = submit(jobs, "speak", "--wait")
    for words, code in (
        ([], 2),
        (["nothing-of-this-kind"], 5),
        ([run, "--attempt", "7"], 2),
        ([run, "-n", "-1"], 2),
        ([run, "--stream", "both"], 2),
        ([run, run, "-f"], 2),
    ):
        done = jobs.rtctl("logs", *words)
        assert (done.returncode, done.stdout) == (code, ""), (words, done.stderr)
        assert done.stderr.startswith("rtctl: ")
        assert done.stderr.count("\n") == 1


def test_other_names_for_it(jobs: Daemon) -> None:
    run = submit(jobs, "speak", "--wait")
    assert jobs.ok("tail", run) == jobs.ok("log", run) == "out 0\n"


def test_a_run_that_waits_has_no_output_yet(jobs: Daemon) -> None:
    run = submit(jobs, "add", "a:=1", "--in", "1h")
    assert jobs.ok("logs", run) == ""
    jobs.ok("cancel", run)


def test_output_of_a_child_is_there_before_its_run_ends(jobs: Daemon) -> None:
    """The output does not go through Python, so no index covers it."""
    run = submit(jobs, "shout")
    until(lambda: jobs.ok("logs", run) == "raw\n", what="the output of a run that goes on")
    jobs.ok("kill", run)
