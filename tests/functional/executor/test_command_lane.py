"""The command lane: shell commands with their exit codes, streams and trees."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from rtd.model.output_index import ERR, OUT
from rtd.model.run_record import RunRecord
from rtd.model.run_states import RunState
from tests.functional.executor.harness import Bench
from tests.helpers.deadline import until


def command(bench: Bench, *argv: str, **params: Any) -> RunRecord:
    return bench.ended(bench.submit("command", {"argv": list(argv), **params}, "command"))


@pytest.fixture(autouse=True)
def executor(bench: Bench) -> None:
    bench.fork("command")


def test_output_and_error_are_told_apart(bench: Bench) -> None:
    record = command(bench, "sh", "-c", "echo one; sleep 0.01; echo two >&2")
    assert record.state is RunState.SUCCEEDED
    assert bench.streams(record) == [(OUT, "one\n"), (ERR, "two\n")]


def test_an_exit_code_is_an_error_and_kept(bench: Bench) -> None:
    record = command(bench, "sh", "-c", "exit 7")
    assert (record.state, record.attempts[0].exit) == (RunState.ERROR, [7, None])
    assert record.end is not None
    assert record.end.why == "exit 7"


def test_a_signal_is_named(bench: Bench) -> None:
    record = command(bench, "sh", "-c", "kill -SEGV $$")
    assert (record.state, record.attempts[0].exit) == (RunState.EXCEPTION, [None, 11])
    assert record.end is not None
    assert (record.end.why, record.end.by) == ("ended by SIGSEGV", "kernel")


def test_a_kill_from_outside_is_said(bench: Bench) -> None:
    record = command(bench, "sh", "-c", "kill -KILL $$")
    assert record.state is RunState.EXCEPTION
    assert record.end is not None
    assert record.end.why == "killed by SIGKILL from outside rtd"
    assert record.end.by == "SIGKILL"


def test_a_command_that_is_not_there_is_named(bench: Bench) -> None:
    record = command(bench, "no-such-command")
    assert (record.state, record.attempts[0].exit) == (RunState.ERROR, [127, None])
    assert record.end is not None
    assert record.end.why == "command not found: no-such-command"
    record = command(bench, "echo hi; echo ho")
    assert record.end is not None
    assert record.end.why.endswith("echo hi; echo ho; for a line of a shell: sh -c '...'")


def test_a_working_directory_that_is_not_there_is_named(bench: Bench) -> None:
    record = command(bench, "true", cwd="/nonexistent")
    assert record.end is not None
    assert record.end.why == "the working directory /nonexistent is not there"


def test_environment_directory_input_and_umask_arrive(bench: Bench) -> None:
    record = command(
        bench,
        "sh",
        "-c",
        "echo $GREETING; pwd; umask; cat; echo $RTD_RUN_ID",
        env={"GREETING": "hello"},
        cwd=str(bench.home),
        stdin="from stdin\n",
        umask=0o27,
    )
    lines = bench.text(record).splitlines()
    assert lines == ["hello", str(bench.home), "0027", "from stdin", record.spec.id]
    assert bench.text(command(bench, "sh", "-c", "umask", umask="077")) == "0077\n"


@pytest.mark.parametrize(("env", "mode"), [({}, "1"), ({"PYTHONUNBUFFERED": ""}, "")])
def test_python_commands_write_line_by_line_unless_told_otherwise(
    bench: Bench, env: dict[str, str], mode: str
) -> None:
    gate = bench.home / "gate"
    code = (
        "import os, sys, time; print(os.environ['PYTHONUNBUFFERED'])\n"
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.001)"
    )
    run = bench.submit("command", {"argv": [sys.executable, "-c", code], "env": env}, "command")
    if mode:
        until(lambda: bench.scratch_text().startswith("1\n"), what="the first line")
    gate.touch()
    assert bench.text(bench.ended(run)) == f"{mode}\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run as somebody else")
def test_a_command_runs_as_another_user(bench: Bench) -> None:
    record = command(bench, "sh", "-c", "id -un; echo $HOME", user="nobody", cwd="/")
    assert bench.text(record).splitlines()[0] == "nobody"


def test_an_unknown_user_is_named(bench: Bench) -> None:
    record = command(bench, "true", user="no-such-user")
    assert record.state is RunState.ERROR
    assert record.end is not None
    assert "no user 'no-such-user'" in record.end.why


def test_a_stop_terminates_the_whole_tree(bench: Bench) -> None:
    ready = bench.home / "ready"
    script = f"(setsid sleep 1000 & echo $! > {ready}); sleep 1000"
    run_id = bench.submit("command", {"argv": ["sh", "-c", script]}, "command")
    bench.running(run_id)
    from_pid = _wait_for_pid(ready)
    bench.ask(run_id)
    record = bench.ended(run_id)
    assert record.state is RunState.TERMINATED
    assert not Path(f"/proc/{from_pid}").exists()


def test_a_daemon_left_behind_neither_lives_on_nor_holds_the_output(bench: Bench) -> None:
    record = command(bench, "sh", "-c", "(setsid sleep 1000 &); echo done")
    assert record.state is RunState.SUCCEEDED
    assert bench.text(record) == "done\n"
    assert "left a process behind" in (record.attempts[0].note or "")


def _wait_for_pid(path: Path) -> int:
    return int(until(lambda: path.exists() and path.read_text().strip(), what="the pid"))
