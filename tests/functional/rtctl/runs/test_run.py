"""rtctl run: as if the task ran here."""

import json
import signal
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon
from tests.helpers.deadline import until
from tests.helpers.rows import until_state
from tests.helpers.source import PROGRAMS
from tests.helpers.terminal import Terminal


def test_output_goes_where_the_run_wrote_it_and_the_code_is_its_own(jobs: Daemon) -> None:
    done = jobs.rtctl("run", "-q", "speak", "lines:=2")
    assert done.returncode == 0
    assert done.stdout == "out 0\nout 1\n"
    assert done.stderr == "err 0\nerr 1\n"
    assert jobs.rtctl("run", "--", "sh", "-c", "exit 9").returncode == 9


@pytest.mark.parametrize("verb", ["run", "submit"])
def test_a_command_without_its_dashes_is_no_task_and_gets_a_hint(jobs: Daemon, verb: str) -> None:
    done = jobs.rtctl(verb, "uptime")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (5, "", 1)
    assert "there is no task 'uptime'" in done.stderr
    assert f"a command goes behind `--`: `rtctl {verb} -- uptime`" in done.stderr


def test_stderr_begins_with_the_id_and_the_value_of_a_task_comes_last(jobs: Daemon) -> None:
    done = jobs.rtctl("run", "echo", 'value:={"rows": [1, 2]}')
    assert done.stdout == '{"rows": [1, 2]}\n'
    run = done.stderr.strip().removeprefix("rtctl: run ")
    assert jobs.ok("result", run) == done.stdout
    assert jobs.rtctl("run", "-q", "echo", "value=plain text").stdout == "plain text\n"
    assert jobs.rtctl("run", "echo", "value:=null").stdout == ""
    last = jobs.ok("run", "-j", "echo", "value:=[7]").splitlines()[-1]
    assert json.loads(last)["value"] == [7]


def test_a_value_has_a_line_of_its_own(jobs: Daemon, gate: Path) -> None:
    assert jobs.ok("run", "unended") == "no end\n42\n"
    terminal = Terminal(["rtctl", "run", "--", "sh", "-c", "printf half; exit 3"], jobs.env, 80)
    text, code = terminal.finish()
    assert code == 3
    assert "half\nrtctl: run " in text


def test_output_comes_while_it_runs(jobs: Daemon, gate: Path) -> None:
    with jobs_run(jobs, "hold", f"gate={gate}") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        assert process.poll() is None
        gate.touch()
        assert process.stdout.readline() == "released\n"
        assert process.wait(20) == 0


def test_an_interrupt_ends_the_run(jobs: Daemon) -> None:
    with jobs_run(jobs, "family") as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 130
        assert process.stderr is not None
        said = process.stderr.read()
    assert "ending run" in said
    assert "Traceback" not in said
    run = next(word for word in said.split() if len(word) == 26)
    assert until_state(jobs, run, "terminated")["by"]
    until(lambda: not Path(f"/proc/{child}").exists(), what=f"the end of {child}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_it_ends_its_run(jobs: Daemon, number: signal.Signals) -> None:
    with jobs_run(jobs, "family") as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.send_signal(number)
        assert process.wait(15) == 128 + number
        assert process.stderr is not None
        said = process.stderr.read()
    run = next(word for word in said.split() if len(word) == 26)
    assert until_state(jobs, run, "terminated")["why"].endswith(": interrupted in rtctl run")
    assert "Traceback" not in said
    until(lambda: not Path(f"/proc/{child}").exists(), what=f"the end of {child}")


def test_a_reader_that_goes_away_ends_the_run(jobs: Daemon) -> None:
    label = uuid.uuid4().hex
    with jobs_run(jobs, "--label", label, "--", "sh", "-c", "while echo x; do :; done") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "x\n"
        process.stdout.close()
        assert process.wait(20) == 141
    rows = json.loads(jobs.ok("ls", "command", "-j"))["runs"]
    (row,) = [row for row in rows if label in row["labels"]]
    assert row["state"] == "terminated"
    assert row["why"].endswith(": the output of rtctl run was closed")


def test_nohup_keeps_it(jobs: Daemon, gate: Path) -> None:
    process = subprocess.Popen(
        ["nohup", BIN / "rtctl", "run", "hold", f"gate={gate}"],
        env=jobs.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        process.send_signal(signal.SIGHUP)
        gate.touch()
        assert process.wait(20) == 0


def test_a_run_that_was_there_before_is_not_its_own(jobs: Daemon, gate: Path) -> None:
    key = uuid.uuid4().hex
    run = jobs.ok("submit", "hold", f"gate={gate}", "--id", key).strip()
    with jobs_run(jobs, "hold", f"gate={gate}", "--id", key) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 143
        assert process.stderr is not None
        first, last = process.stderr.read().splitlines()
        assert first == f"rtctl: run {run}"
        assert last.startswith(f"rtctl: run {run} continues: `rtctl logs -f {run[-8:]}` looks")
    gate.touch()
    until_state(jobs, run, "succeeded")


def test_a_crash_tells_its_kind(jobs: Daemon) -> None:
    done = jobs.rtctl("run", "crash")
    assert done.returncode == 1
    assert "failed with an exception" in done.stderr
    assert "no such luck" in done.stderr


@pytest.mark.parametrize("verb", [["run"], ["submit", "-f"]])
@pytest.mark.parametrize("how", [["-j"], ["-o", "jsonl"]])
def test_for_programs_each_line_is_json_and_the_last_is_the_run(
    jobs: Daemon, verb: list[str], how: list[str]
) -> None:
    script = "echo one; echo two >&2; printf three; exit 4"
    done = jobs.rtctl(*verb, *how, "--", "sh", "-c", script)
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(line["line"] for line in lines) == ["one", "three", "two"]
    assert {line["attempt"] for line in lines} == {1}
    assert last["run"]["state"] == "error"
    assert last["created"] is True
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1, done.stderr


def test_for_programs_on_a_terminal_the_run_is_one_line_as_well(jobs: Daemon) -> None:
    text, code = Terminal(["rtctl", "run", "-j", "--", "echo", "hello"], jobs.env, 80).finish()
    first, last = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert code == 0
    assert first["line"] == "hello"
    assert last["schema"] == "rtctl.run/1"


def jobs_run(jobs: Daemon, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [BIN / "rtctl", "run", *words],
        env=jobs.env,
        cwd=PROGRAMS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
