"""Text that is not UTF-8, in every field: bytes where Linux has bytes, else one clear line."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtctl import Client
from rtd.common.errors import RtdError
from tests.helpers.daemon import BIN, Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.raw_client import RawClient
from tests.helpers.running import client, until_running

#: A byte that is no UTF-8, as Python reads it.
ODD = "\udc9b"
APP = """
import logging, sys
from pathlib import Path
from rtd import Session, progress

session = Session(scheme="log_memory")


def dies(kind: str = "low"):
    raise ValueError(f"{kind} \\ud800 \\udc9b")


# Python 3.13 refuses it as a literal.
dies.__doc__ = "Its documentation is odd, too: \\ud800 \\udc9b."
session.task(name="dies")(dies)


@session.task(name="dies_fresh", lane="process", fresh=True)
def dies_fresh():
    raise ValueError("\\ud800 \\udc9b")


@session.task(name="gives")
def gives(value):
    return value


@session.task(name="gives_odd")
def gives_odd():
    return "\\ud800"


@session.task(name="reports")
def reports(gate: str):
    print("odd \\ud800 \\udc9b", flush=True)
    progress(1, 2, "odd \\ud800 \\udc9b")
    while not Path(gate).exists():
        pass
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon in a directory whose name is not UTF-8."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path_factory.mktemp("odd")) + b"/d\x9b"))
    folder.mkdir()
    (folder / "odd_app.py").write_text(APP)
    with shared_daemon("odd_app:session", ["--set", "lanes.process.max=2"], cwd=folder) as daemon:
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    """A client of this daemon."""
    with client(daemon) as found:
        yield found


def rtctl(daemon: Daemon, *words: bytes, code: int = 0) -> tuple[bytes, bytes]:
    """Run `rtctl` with arguments of bytes. Returns stdout and stderr."""
    done = subprocess.run(
        [os.fsencode(BIN / "rtctl"), *words], cwd=daemon.cwd, env=daemon.env, capture_output=True,
        timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def test_arguments_and_directories_of_commands_are_bytes(daemon: Daemon, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/\x9bdir"
    os.mkdir(folder)
    out, _ = rtctl(daemon, b"run", b"--cwd", folder, b"--", b"sh", b"-c",
                   b'printf %s "$1"; basename "$PWD"', b"x", b"\x9bfoo")  # fmt: skip
    assert out == b"\x9bfoo\x9bdir\n"
    assert b"sh" in rtctl(daemon, b"ls")[0]


def test_environment_of_commands_is_bytes(daemon: Daemon) -> None:
    out, _ = rtctl(
        daemon, b"run", b"--env", b"ODD=\x9bvalue", b"--", b"sh", b"-c", b'printf %s "$ODD"'
    )
    assert out == b"\x9bvalue"


def test_stdin_of_commands_may_be_such_a_text(rt: Client) -> None:
    run = rt.command("cat", stdin=f"{ODD}in")
    run.wait(10)
    assert run.state == "succeeded"


def test_a_command_that_is_not_there_keeps_its_run(daemon: Daemon) -> None:
    _, err = rtctl(daemon, b"run", b"--", b"\x9bfoo", code=127)
    assert rb"\udc9bfoo" in err
    rtctl(daemon, b"run", b"--cwd", b"/\x9bnowhere", b"--", b"true", code=126)
    (row,) = [row for row in client_rows(daemon) if "9bfoo" in (row["why"] or "")]
    assert row["state"] == "error"


def client_rows(daemon: Daemon) -> list[dict[str, object]]:
    """The rows of all runs."""
    with client(daemon) as rt:
        return list(rt.rpc.ls(limit=1000)["runs"])


@pytest.mark.parametrize("task", ["dies", "dies_fresh"])
def test_errors_of_tasks_are_kept_with_escapes(daemon: Daemon, rt: Client, task: str) -> None:
    run = rt.submit(task)
    with pytest.raises(Exception, match="ud800"):
        run.result(20)
    assert run.state == "exception"
    assert r"\ud800" in daemon.ok("show", run.id)
    assert r"\ud800" in daemon.rtctl("result", run.id, "--traceback").stderr
    assert run.id in daemon.ok("tasklog")


def test_values_that_cannot_be_stored_say_so(rt: Client) -> None:
    assert rt.submit("gives", value=ODD).result(10) == ODD  # bytes of a file name, for example
    run = rt.submit("gives_odd")
    run.wait(10)
    assert run.state == "exception"
    assert "cannot be stored" in str(run.refresh().row["why"])
    with pytest.raises(RtdError, match="cannot be stored"):
        rt.submit("gives", value="\ud800")


def test_output_and_progress_may_hold_such_text(daemon: Daemon, rt: Client, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    run = until_running(rt.submit("reports", gate=str(gate)))
    until(lambda: run.refresh().row["progress"], what="its report")
    assert "odd" in daemon.ok("show", run.id)
    gate.touch()
    run.wait(10)
    assert run.state == "succeeded"


def test_a_program_with_such_a_name_can_be_killed(rt: Client, tmp_path: Path) -> None:
    program = os.fsencode(tmp_path) + b"/\x9bprogram"
    with open(program, "wb") as file:
        file.write(
            b"#!/bin/sh\n(exec -a x sleep 100) & trap '' TERM; while :; do sleep 0.1; done\n"
        )
    os.chmod(program, 0o755)
    run = until_running(rt.command(os.fsdecode(program)))
    until(lambda: len(rt.rpc.show(run=run.id)["tree"]) > 1, what="it has begun")
    (outcome,) = rt.kill(run, grace=0.0)
    assert outcome["error"] is None
    assert outcome["state"] == "terminated"
    assert outcome["pids"]


@pytest.mark.parametrize(
    ("verb", "params"),
    [
        ("submit", {"task": f"gives{ODD}", "params": {"value": 1}}),
        ("submit", {"task": "gives", "params": {"value": 1}, "key": ODD}),
        ("submit", {"task": "gives", "params": {"value": 1}, "ids": [ODD]}),
        ("submit", {"task": "gives", "params": {"value": 1}, "options": {"labels": [ODD]}}),
        ("submit", {"task": "gives", "params": {"value": 1}, "options": {"queue": ODD}}),
        ("submit", {"task": "gives", "params": {"value": 1}, "options": {ODD: 1}}),
        ("submit", {"task": "gives", "params": {"value": 1}, "options": {"retry_on": [ODD]}}),
        ("submit", {"task": "gives", "params": {ODD: 1}}),
        ("submit", {"task": "command", "params": {"argv": ["true"], "user": ODD}}),
        ("trigger", {"task": ODD}),
        ("kill", {"runs": [ODD]}),
        ("kill", {"runs": ["AAAA"], "reason": ODD}),
        ("cancel", {"runs": [ODD]}),
        ("retry", {"runs": [ODD]}),
        ("wait", {"runs": [ODD]}),
        ("show", {"run": ODD}),
        ("logs", {"run": ODD}),
        ("result", {"run": ODD}),
        ("ls", {"task": ODD}),
        ("ls", {"queue": ODD}),
        ("ls", {"state": [ODD]}),
        ("events", {"task": ODD}),
        ("events", {"since": ODD}),
        ("queue_pause", {"queues": [ODD]}),
        ("queue_pause", {"queues": ["q"], "reason": ODD}),
        ("queue_purge", {"queue": ODD}),
        ("params_set", {"name": ODD, "value": 1}),
        ("params_get", {"name": "x", "task": ODD}),
        ("enable", {"tasks": [ODD]}),
        ("why", {"task": ODD}),
        ("next", {"task": ODD}),
        ("misses", {"task": ODD}),
        ("task_log", {"task": ODD}),
        ("hello", {"version": 1, "client": ODD}),
        (f"x{ODD}", {}),
        ("ping", {ODD: 1}),
    ],
)
def test_requests_with_such_text_are_refused_in_one_line(
    daemon: Daemon, verb: str, params: dict[str, object]
) -> None:
    with RawClient(daemon) as raw:
        with pytest.raises(RtdError) as refusal:
            raw.call(verb, **params)
        assert refusal.value.code != "internal"
        assert "\n" not in refusal.value.sentence
        raw.call("ping")  # the connection goes on


@pytest.mark.parametrize("name", [r"a\ud800", r"a\udc9b"])
def test_a_task_of_such_a_name_is_an_error_of_the_check(tmp_path: Path, name: str) -> None:
    (tmp_path / "named.py").write_text(
        f'from rtd import Session\nsession = Session()\n\n@session.task(name="{name}")\n'
        "def task(): ...\n"
    )
    done = subprocess.run(
        [BIN / "rtd", "check", "named:session"], cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 3
    assert "UTF-8" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
