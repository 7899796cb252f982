"""Another program removes files of a running daemon: they are made again, and clients told."""

import os
import shutil
import subprocess

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, executors
from tests.helpers.source import PROGRAMS


@pytest.fixture
def daemon(start_daemon: DaemonMaker) -> Daemon:
    return start_daemon("jobs:session", cwd=PROGRAMS, flags=["--set", "lanes.process.min=1"])


def works(daemon: Daemon) -> None:
    """A client runs something, the app is reloaded, an executor of the new generation works."""
    assert daemon.ok("run", "--", "echo", "here") == "here\n"
    daemon.ok("reload")
    with client(daemon) as rt:
        before = executors(rt)
    assert daemon.ok("run", "--", "echo", "again") == "again\n"
    assert before


@pytest.mark.parametrize(
    "name",
    ["run/rtd.sock", "run/zygote.sock", "run/rtd.pid", "run/zygotes.json", "run/board",
     "run/board.bell", "state/rtd.lock", "run"],
)  # fmt: skip
def test_what_is_removed_is_made_again(daemon: Daemon, name: str) -> None:
    path = daemon.home / name
    found = set(os.listdir(daemon.home / "run"))
    assert path.exists(), found
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)  # the daemon may make a file meanwhile
    else:
        path.unlink()
    until(path.exists, within_s=20, what=f"{name} is there")
    until(lambda: set(os.listdir(daemon.home / "run")) >= found, within_s=20, what="all is there")
    works(daemon)
    second = subprocess.run(
        [BIN / "rtd", "start"], env=daemon.env, capture_output=True, text=True, check=False
    )
    assert second.returncode == 6, second.stderr
    stopped = subprocess.run([BIN / "rtd", "stop"], env=daemon.env, check=False)
    assert stopped.returncode == 0
    assert daemon.process is not None
    assert daemon.process.wait(20) == 0
    assert os.listdir(daemon.home / "run") == []


def test_the_directory_of_output_is_made_again_and_later_output_is_kept(daemon: Daemon) -> None:
    path = daemon.home / "state/output"
    assert daemon.ok("run", "add", "a:=1") + daemon.ok("run", "add", "a:=2") == "1\n2\n"
    daemon.ok("run", "--", "echo", "here")
    with client(daemon) as rt:
        before = {row["pid"] for row in rt.rpc.info()["executors"]}
        shutil.rmtree(path)
        until(path.exists, within_s=20, what="it is there")
        assert path.stat().st_mode & 0o777 == 0o700
        until(lambda: before.isdisjoint(row["pid"] for row in rt.rpc.info()["executors"]),
              what="those with files of the old one have ended")  # fmt: skip
        for _ in range(2):
            run = rt.command("echo", "again").wait(timeout=20)
            assert list(run.logs()) == ["again"]
    assert "Traceback" not in daemon.log.read_text()


def test_the_socket_of_redis_is_made_again_and_no_run_is_lost(daemon: Daemon) -> None:
    with client(daemon) as rt:
        done = rt.submit("add", a=1).wait(timeout=20)
        (daemon.home / "state/redis/redis.sock").unlink()
        until((daemon.home / "state/redis/redis.sock").exists, what="it is there")
        until(lambda: daemon.rtctl("status").returncode == 0, what="all is well")
        assert rt.get(done.id).state == "succeeded"
        assert rt.submit("add", a=2).wait(timeout=20).state == "succeeded"


def test_a_client_is_told_of_a_daemon_whose_socket_is_gone(daemon: Daemon) -> None:
    assert daemon.process is not None
    daemon.process.send_signal(19)  # it cannot make another while it is stopped
    daemon.socket.unlink()
    try:
        done = daemon.rtctl("ls")
        assert done.returncode == 7
        assert f"it runs (pid {daemon.process.pid})" in done.stderr
        assert "start it" not in done.stderr
    finally:
        daemon.process.send_signal(18)
    until(daemon.socket.exists, what="it is there")


def test_rtd_stop_finds_a_daemon_without_its_pid_file(daemon: Daemon) -> None:
    assert daemon.process is not None
    daemon.process.send_signal(19)
    (daemon.home / "run/rtd.pid").unlink()
    stop = subprocess.Popen([BIN / "rtd", "stop"], env=daemon.env)
    daemon.process.send_signal(18)
    assert stop.wait(30) == 0
    assert daemon.process.wait(20) == 0
