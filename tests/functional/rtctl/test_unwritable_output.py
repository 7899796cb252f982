"""rtctl when its output cannot be written: one line and an exit code, never a traceback."""

import json
import os
import re
import subprocess

import pytest

from tests.helpers.daemon import BIN, Daemon
from tests.helpers.rows import submit

FULL = "rtctl: cannot write the output: No space left on device\n"


def shell(jobs: Daemon, line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", line],
        env=jobs.env,
        cwd=jobs.cwd,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    ["ls", "ls -j", "logs {run}", "logs -t {run}", "logs -j {run}", "show {run}", "events",
     "events -o jsonl", "result -j {run}", "tasks", "info", "queue", "help", "version", "next",
     "wait -j {run}", "run speak", "run -j speak", "submit -f speak", "completion bash",
     "complete -- l", "cond daily", "ping -j"],
)  # fmt: skip
def test_a_full_disk_is_one_line_and_1(jobs: Daemon, words: str) -> None:
    run = submit(jobs, "speak", "--wait")
    done = shell(jobs, f"rtctl {words.format(run=run)} >/dev/full")
    lines = [line for line in done.stderr.splitlines(keepends=True) if line.startswith("rtctl: ")]
    lines = [line for line in lines if not line.startswith("rtctl: run ")]  # which `run` says
    assert (done.returncode, lines) == (1, [FULL])
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_queued_run_is_named_where_the_output_is_full(jobs: Daemon) -> None:
    for words in ("submit speak", "submit -j speak", "submit -p speak"):
        done = shell(jobs, f"rtctl {words} >/dev/full")
        told = re.fullmatch(f"{FULL.rstrip()}; queued: run ([A-Z0-9]+)\n", done.stderr)
        assert told is not None, done.stderr
        assert done.returncode == 1
        assert shell(jobs, f"rtctl show {told[1]}").returncode == 0


def test_an_error_keeps_its_exit_code_where_only_stderr_is_full(jobs: Daemon) -> None:
    assert shell(jobs, "rtctl show nothing-of-this-kind 2>/dev/full").returncode == 5
    assert shell(jobs, "rtctl ls --state bogus 2>/dev/full").returncode == 2


def test_a_reader_that_has_had_enough_is_no_error(jobs: Daemon) -> None:
    run = submit(jobs, "speak", "lines:=5", "--wait")
    for words in (["ls"], ["logs", run], ["events"], ["help"]):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            ["rtctl", *words],
            executable=BIN / "rtctl",
            env=jobs.env,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
        os.close(writing)
        told = [line for line in done.stderr.splitlines() if not line.startswith("err ")]
        assert (done.returncode, told) == (141, []), words


def test_a_closed_stdout_is_an_error_and_other_closed_streams_are_none(jobs: Daemon) -> None:
    done = shell(jobs, "rtctl ls -n 5 <&- >&-")
    told = "rtctl: cannot write the output: Bad file descriptor\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)
    assert shell(jobs, "rtctl show nothing-of-this-kind 2>&-").returncode == 5
    assert shell(jobs, "rtctl ls <&-").returncode == 0


def test_help_of_rtd_that_cannot_be_written_is_an_error(jobs: Daemon) -> None:
    for words in ("--help", "--version", "run --help"):
        for target in (">/dev/full", ">&-"):
            done = shell(jobs, f"rtd {words} {target}")
            assert done.returncode == 1, (words, target)
            assert done.stderr.startswith("rtd: cannot write the output: "), (words, target)
            assert done.stderr.count("\n") == 1


def test_json_is_valid_in_every_encoding(jobs: Daemon) -> None:
    words = '"ü \U0001f389"'
    run = submit(jobs, "echo", f"value:={words}", "--wait")
    for encoding in ("ascii", "latin-1", "utf-8"):
        done = subprocess.run(
            [BIN / "rtctl", "result", "-j", run],
            env={**jobs.env, "PYTHONIOENCODING": encoding},
            capture_output=True,
            timeout=30,
            check=True,
        )
        assert json.loads(done.stdout.decode(encoding))["value"] == "ü \U0001f389"


def test_a_command_from_a_deleted_directory_is_told_plainly(jobs: Daemon) -> None:
    done = shell(jobs, "d=$(mktemp -d); cd $d; rmdir $d; rtctl submit -- pwd")
    assert (done.returncode, done.stderr) == (
        2,
        "rtctl: submit: the working directory was deleted; name one: --cwd /full/path\n",
    )
    assert shell(jobs, "d=$(mktemp -d); cd $d; rmdir $d; rtctl run --cwd / -- pwd").stdout == "/\n"
