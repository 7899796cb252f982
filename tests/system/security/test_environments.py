"""No run has rtd's own variables, and a command of another user has nothing of the daemon's."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.config.run_environment import run_environment
from tests.helpers.daemon import BIN, Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.other_user import needs_root
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS

SECRET = "pass-of-redis"
#: The variables of rtd's that a run has.
GIVEN = {"RTD_RUNTIME_DIR", "RTD_RUN_ID", "RTD_ATTEMPT"}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seen")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, seen: Path) -> Iterator[Daemon]:
    """A daemon whose Redis wants a password."""
    redis = ExternalRedis(tmp_path_factory.mktemp("r"))
    redis.start()
    try:
        set_password(redis.socket)
        env = {
            "RTD_REDIS": f"unix://:{SECRET}@{redis.socket}",
            "RTD_NAME": "shop",
            "SEEN_DIR": str(seen),
            "RTD_UNKNOWN_OF_A_LATER_RTD": "x",
            "NOTIFY_SOCKET": "/nonexistent",
            "MINE": "of the daemon",
        }
        with shared_daemon("variables:session", cwd=PROGRAMS, env=env) as daemon:
            yield daemon
    finally:
        redis.kill()


def set_password(path: Path) -> None:
    """Let a Redis ask for the password from now on."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(path))
        link.sendall(b"CONFIG SET requirepass %s\r\n" % SECRET.encode())
        assert link.recv(100) == b"+OK\r\n"


def names(text: str) -> set[str]:
    """The names of variables of rtd and systemd of an environment; SECRET if that is in it."""
    lines = text.replace("\0", "\n").splitlines()
    found = {line.partition("=")[0] for line in lines if line.startswith(("RTD_", "NOTIFY_"))}
    return found | ({"SECRET"} if SECRET in text else set())


def test_no_part_of_an_app_has_rtds_own_variables(daemon: Daemon, seen: Path) -> None:
    for task in ("in_process", "in_thread", "in_fresh"):
        daemon.ok("run", task)
    parts = ["import", "startup", "condition", "hook", "process", "thread", "fresh"]
    for part in parts:
        until((seen / part).exists, what=f"the environment of {part}")
        text = (seen / part).read_text()
        assert names(text) == {"RTD_RUNTIME_DIR"}, part
        assert "MINE=of the daemon" in text


def test_a_command_has_none_beside_those_that_are_given_to_it(daemon: Daemon) -> None:
    for words in (["declared"], ["--", "cat", "/proc/self/environ"]):
        text = daemon.ok("run", *words)
        assert names(text) == GIVEN, words
        assert "MINE=of the daemon" in text


@needs_root
def test_a_command_of_another_user_has_a_clean_environment(daemon: Daemon) -> None:
    """Also /proc shows it nothing: only its own user and root may read a process' environment."""
    expected = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "PYTHONUNBUFFERED", "GIVEN"}
    expected |= {"RTD_RUN_ID", "RTD_ATTEMPT", *({"LANG"} & os.environ.keys())}
    ad_hoc = ["--user", "nobody", "--env", "GIVEN=1", "--", "cat", "/proc/self/environ"]
    for words in (["of_nobody"], ad_hoc):
        text = daemon.ok("run", *words)
        assert {part.partition("=")[0] for part in text.split("\0") if part} == expected
    look = 'cat /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"'
    text = daemon.ok("run", "--user", "nobody", "--", "sh", "-c", look)
    assert SECRET not in text


def test_the_password_is_in_no_command_line(daemon: Daemon, tmp_path: Path) -> None:
    """Any user can read these. `rtd start` passes the Redis on in the environment."""
    other = Daemon(env={"RTD_NAME": "other"})
    words = ["rtd", "start", "--redis", daemon.env["RTD_REDIS"], "--set", "node=two"]
    start = subprocess.Popen(words, executable=BIN / "rtd", env=other.env)
    try:
        lines, own = set(), set()
        while start.poll() is None:
            for process in other.processes():
                (own if process.pid == start.pid else lines).add(process.title)
        lines -= own  # a child between its fork and its exec has the line that the user typed
        assert start.returncode == 0
        assert lines
        assert not [line for line in lines if SECRET in line]
    finally:
        start.kill()
        subprocess.run(["rtd", "stop"], executable=BIN / "rtd", env=other.env, check=True)
        assert other.close() == []


def test_a_client_in_a_run_finds_the_daemon_of_the_run(daemon: Daemon) -> None:
    assert daemon.process is not None
    with client(daemon) as rt:
        assert rt.submit("with_client").wait(timeout=20).result() == str(daemon.process.pid)
    assert daemon.ok("run", "--", "rtctl", "ping").startswith(f"rtd (pid {daemon.process.pid})")


def test_a_socket_elsewhere_is_named() -> None:
    given = {"RTD_SOCKET": "/a/b", "RTD_X": "1", "LISTEN_PID": "3", "PATH": "/bin"}
    runtime = Path("/run/rtd")
    assert run_environment(given, runtime, runtime / "rtd.sock") == {
        "PATH": "/bin", "RTD_RUNTIME_DIR": "/run/rtd",
    }  # fmt: skip
    assert run_environment(given, runtime, Path("/a/b"))["RTD_SOCKET"] == "/a/b"
