"""Another process that takes the name of a socket: of another user, and of the same one."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rtd.common.errors import ConfigError
from rtd.config.socket_listener import listener_pid
from rtd.store.embedded.server import EmbeddedRedis
from rtd.supervisor.core.unix_socket import bind_unix, is_listening
from tests.helpers.daemon import BIN, Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.other_user import (
    NOBODY,
    STRANGER,
    as_user,
    give,
    listening,
    needs_root,
    open_folder,
)  # fmt: skip
from tests.helpers.source import ROOT


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with shared_daemon("tests.programs.jobs", cwd=ROOT) as daemon:
        yield daemon


@pytest.fixture
def sticky() -> Iterator[Path]:
    """A directory like /tmp."""
    with open_folder(mode=0o1777) as folder:
        yield folder


def take_name(path: Path) -> socket.socket:
    """Listen there instead of the process that does, in one step."""
    taken = path.with_name("taken")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(taken))
    listener.listen()
    taken.rename(path)
    return listener


def pid_of(daemon: Daemon) -> int:
    assert daemon.process is not None
    return daemon.process.pid


@pytest.mark.parametrize("name", ["rtd.sock", "zygote.sock"])
def test_the_daemon_takes_its_name_back(daemon: Daemon, name: str) -> None:
    path = daemon.home / "run" / name
    assert listener_pid(path) == pid_of(daemon)
    with take_name(path):
        until(lambda: listener_pid(path) == pid_of(daemon), what="the daemon listens again")
    assert f"in the place of {path}" in daemon.log.read_text()
    assert daemon.ok("ping")
    daemon.ok("reload")  # the next zygote finds the supervisor
    assert daemon.ok("run", "--", "echo", "a") == "a\n"


def test_so_does_its_redis(daemon: Daemon) -> None:
    path = daemon.home / "state" / "redis" / "redis.sock"
    assert daemon.ok("run", "--", "echo", "a") == "a\n"
    with take_name(path):
        until(lambda: listener_pid(path) not in (None, os.getpid()), what="Redis listens again")
    assert daemon.ok("run", "--", "echo", "b") == "b\n"
    assert daemon.ok("ls", "-n", "10").count("echo") >= 2, "no data is lost"


def test_a_second_daemon_does_not_take_the_socket_of_the_first(daemon: Daemon) -> None:
    second = Daemon(env={"RTD_SOCKET": str(daemon.socket)})
    try:
        done = subprocess.run(
            ["rtd", "run"], executable=BIN / "rtd", env=second.env, capture_output=True,
            text=True, timeout=30, check=False,
        )  # fmt: skip
        last = done.stderr.splitlines()[-1]
        assert done.returncode == 2, done.stderr
        assert f"socket {daemon.socket} is taken: process {pid_of(daemon)} listens there" in last
        assert daemon.ok("ping")
    finally:
        assert second.close() == []


def test_the_stop_of_redis_ends_while_another_process_has_its_socket(folder: Path) -> None:
    redis = EmbeddedRedis(folder / "redis")
    redis.start()
    process = redis._process
    assert process is not None
    with take_name(redis.socket) as other:
        assert not redis.holds_socket()
        began_s = time.monotonic()
        redis.stop(5)
        assert process.returncode == 0
        assert time.monotonic() - began_s < 5
        other.setblocking(False)
        connection, _ = other.accept()  # that of the check, without a request
        with connection:
            assert connection.recv(10) == b""


def bind(path: Path) -> Callable[[], Any]:
    def act() -> Any:
        try:
            with bind_unix(path, mode=0o660):
                return is_listening(path)
        except ConfigError as error:
            return error.sentence

    return act


@needs_root
def test_files_of_other_users_in_the_directory_of_a_named_socket(sticky: Path) -> None:
    """They can keep a user from a name, in one line, and no more."""
    path = sticky / "rtd.sock"
    give_all(sticky, path, *(sticky / f".rtd.sock.{os.getpid() + i}" for i in range(200)))
    assert "rtd.sock" in as_user(STRANGER, bind(path))
    path.unlink()
    assert as_user(STRANGER, bind(path)) == "True"
    path.unlink()
    for target in (ROOT / "README.md", sticky / "nowhere"):
        path.symlink_to(target)
        give(path, NOBODY)
        assert bind(path)() is True
        assert path.is_socket()
        path.unlink()
    assert not (sticky / "nowhere").exists()


def give_all(folder: Path, *paths: Path) -> None:
    for path in paths:
        path.touch()
        give(path, NOBODY)


@needs_root
def test_a_socket_on_which_another_user_listens_is_named(sticky: Path) -> None:
    inner = sticky / "inner"
    inner.mkdir()
    path = inner / "rtd.sock"
    with listening(NOBODY, path):
        assert "is taken: process" in str(bind(path)())
