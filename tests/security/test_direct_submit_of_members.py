"""Members of the group queue runs in the daemon's Redis over connections that the daemon gives."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtctl import Client
from tests.helpers.daemon import Daemon, DaemonMaker, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.other_user import NOBODY, STRANGER, as_user, needs_root

GROUP = 4321
APP = """
from rtd import Session
session = Session()
@session.task
def add(a, b): return a + b
"""

pytestmark = needs_root


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("members")
    (folder / "app.py").write_text(APP)
    with shared_daemon("app.py", cwd=folder, flags=["--group", str(GROUP)]) as daemon:
        daemon.home.chmod(0o755)
        daemon.socket.parent.chmod(0o755)
        yield daemon


def submit_directly(path: Path) -> object:
    """Submit until an offer is there, then once more. Returns the result and how it was queued."""
    with Client(path) as rt:
        direct = rt._submitter._direct_submitter
        until(lambda: rt.submit("add", a=1, b=2).id and "add" in direct._known, what="an offer")
        run = rt.submit("add", a=1, b=2)
        result = run.wait(timeout=20).result()
        return result, len(direct._idle), rt.rpc.show(run=run.id)["submitted_by"]


def test_a_member_queues_without_the_daemon(daemon: Daemon) -> None:
    said = as_user(NOBODY, lambda: submit_directly(daemon.socket), GROUP)
    assert said.startswith(f"(3, 1, 'uid {NOBODY} "), said
    assert os.stat(daemon.home / "state" / "redis").st_mode & 0o077 == 0


def test_a_connection_is_made_again_when_redis_has_closed_it(daemon: Daemon) -> None:
    def closed_between() -> object:
        with Client(daemon.socket) as rt:
            direct = rt._submitter._direct_submitter
            until(lambda: rt.submit("add", a=1, b=2).id and "add" in direct._known, what="offer")
            rt.submit("add", a=1, b=2)
            [link] = direct._idle
            link.shutdown(socket.SHUT_RDWR)
            runs = [rt.submit("add", a=1, b=number) for number in range(4)]
            return [run.wait(timeout=20).result() for run in runs]

    assert as_user(NOBODY, closed_between, GROUP) == "[1, 2, 3, 4]"


def test_others_get_no_connection(daemon: Daemon) -> None:
    """The daemon asks the kernel who has connected, whatever the socket's mode is."""
    store = daemon.socket.with_name("store.sock")
    assert store.stat().st_mode & 0o777 == 0o660
    assert store.stat().st_gid == GROUP

    def take() -> object:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(20)
            link.connect(str(store))
            return socket.recv_fds(link, 1, 1)[:2]

    assert "PermissionError" in as_user(STRANGER, take)
    store.chmod(0o666)
    try:
        assert as_user(STRANGER, take) == "(b'', [])"
        assert as_user(STRANGER, take, GROUP).startswith("(b'r', [")
    finally:
        store.chmod(0o660)


@pytest.mark.parametrize("flags", [["--set", "allow_commands=false"], []])
def test_members_without_commands_and_daemons_without_a_group_have_no_such_socket(
    start_daemon: DaemonMaker, tmp_path: Path, flags: list[str]
) -> None:
    (tmp_path / "app.py").write_text(APP)
    group = ["--group", str(GROUP)] if flags else []
    daemon = start_daemon("app.py", cwd=tmp_path, flags=[*group, *flags])
    assert not daemon.socket.with_name("store.sock").exists()
    for folder in (daemon.home, daemon.socket.parent):
        folder.chmod(0o755)
    if flags:

        def submit_often() -> object:
            with Client(daemon.socket) as rt:
                runs = [rt.submit("add", a=1, b=2) for _ in range(3)]
                known = rt._submitter._direct_submitter._known
                return [run.wait(timeout=20).result() for run in runs], known

        assert as_user(NOBODY, submit_often, GROUP) == "([3, 3, 3], {})"
