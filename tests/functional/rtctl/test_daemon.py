"""rtctl info, ping, version, shutdown, and a daemon that is not there."""

import json
import os
import socket
from pathlib import Path

import pytest
import redis

from rtctl import Client, DaemonUnreachable
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.rows import submit, until_state


def test_ping_answers(jobs: Daemon) -> None:
    assert "answers in" in jobs.ok("ping")
    assert json.loads(jobs.ok("ping", "-j"))["pid"] > 1
    assert jobs.ok("ping", "-q") == ""


def test_info_names_the_parts(jobs: Daemon) -> None:
    text = jobs.ok("info")
    for part in ("jobs:session", "embedded", str(jobs.socket), "executor"):
        assert part in text
    assert json.loads(jobs.ok("info", "-j"))["app"] == "jobs:session"


def test_info_names_the_redis_and_the_channels_for_other_programs(jobs: Daemon) -> None:
    info = json.loads(jobs.ok("info", "-j"))
    assert info["redis"]["url"] == "embedded"
    assert info["channels"] == ["{rtd:rtd}:run:*", "{rtd:rtd}:task:*"]
    address = info["redis"]["address"]
    assert address.startswith("unix:///")
    with redis.Redis.from_url(address) as client:
        assert client.ping()
    text = jobs.ok("info")
    assert address in text
    assert "{rtd:rtd}:run:*  {rtd:rtd}:task:*" in text


def test_version_of_both(jobs: Daemon) -> None:
    client, server = jobs.ok("--version").splitlines()
    assert client.startswith("rtctl ")
    assert server.startswith("rtd ")


def test_shutdown_returns_when_the_daemon_is_gone(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon()
    run = submit(daemon, "--", "sleep", "600")
    until_state(daemon, run, "running")
    done = daemon.rtctl("shutdown", "--grace", "0.2s")
    assert done.returncode == 0, done.stderr
    assert "has ended" in done.stdout
    assert "waiting for 1 run to end, at most 200ms" in done.stderr
    assert daemon.process is not None
    assert daemon.process.wait(20) == 0
    assert daemon.rtctl("ping").returncode == 7


def no_daemon(path: Path, code: int, *parts: str) -> None:
    env = {"RTD_SOCKET": str(path)}
    daemon = Daemon(env=env)
    for words in (["ls"], ["ping"], ["submit", "--", "ls"], ["events", "-f"], ["shutdown"]):
        done = daemon.rtctl(*words)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert done.stderr.startswith("rtctl: ")
        assert done.stderr.count("\n") == 1
        for part in (str(path)[:60], *parts):
            assert part in done.stderr
    daemon.close()


def test_no_socket_says_what_was_tried_and_how_to_start_it(tmp_path: Path) -> None:
    no_daemon(tmp_path / "rtd.sock", 7, "no socket", "rtd start APP", "systemctl start rtd")
    no_daemon(tmp_path / "none" / "rtd.sock", 7, "nor is its directory")


def test_a_dead_socket_names_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "rtd.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    path.chmod(0o660)
    no_daemon(path, 7, "no process listens", "mode 0660", "rtd start APP")


def test_a_daemon_that_takes_no_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "rtd.sock")
    monkeypatch.setattr("rtctl.client.connection.CONNECT_S", 1)
    with socket.socket(socket.AF_UNIX) as stalled, socket.socket(socket.AF_UNIX) as first:
        stalled.bind(path)
        stalled.listen(0)
        first.connect(path)
        with pytest.raises(DaemonUnreachable, match="does not take connections"):
            Client(path).ping()


def test_a_path_that_the_kernel_does_not_take(tmp_path: Path) -> None:
    no_daemon(tmp_path / ("x" * 120), 2, "RTD_SOCKET")


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become somebody else")
def test_the_error_names_the_group_that_another_user_needs(jobs: Daemon) -> None:
    done = jobs.rtctl("ping")
    assert done.returncode == 0
    # Everything is imported first: the user `nobody` may not read where Python is.
    script = """
import errno, grp, importlib, os, pwd, sys
from rtctl.main import main
from rtctl.commands import ping
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
sys.exit(main(["ping"]))
"""
    for directory in (jobs.home, jobs.socket.parent):
        directory.chmod(0o755)
    done = jobs.python(script)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1), done.stderr
    assert "group" in done.stderr
    assert str(jobs.socket) in done.stderr


def test_the_runtime_directory_moves_the_client(jobs: Daemon, tmp_path: Path) -> None:
    other = Daemon(env={"RTD_RUNTIME_DIR": str(tmp_path)})
    assert str(tmp_path / "rtd.sock") in other.rtctl("ping").stderr
    assert other.rtctl("ping", "-s", str(jobs.socket)).returncode == 0
    other.close()


def test_the_error_shows_where_a_relative_runtime_directory_leads() -> None:
    other = Daemon(env={"RTD_RUNTIME_DIR": "some/where"})
    assert f"{other.home}/some/where/rtd.sock" in other.rtctl("ping").stderr
    other.close()


def test_rtctl_is_a_module_too(jobs: Daemon) -> None:
    done = jobs.python(
        "import runpy, sys; sys.argv[1:] = ['ping', '-q']; runpy.run_module('rtctl')"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
