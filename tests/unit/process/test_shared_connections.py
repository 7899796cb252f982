"""What processes would share after a fork, and what they would not."""

import asyncio
import os
import select
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rtd.process.fork.shared_connections import OpenFiles


@pytest.fixture
def ends() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def server(ends: ExitStack, family: int, address: object) -> socket.socket:
    """A listening socket."""
    listener = ends.enter_context(socket.socket(family))
    listener.bind(address)  # type: ignore[arg-type]
    listener.listen()
    return listener


def test_connections_are_told_with_their_other_end(ends: ExitStack, tmp_path: Path) -> None:
    four = server(ends, socket.AF_INET, ("127.0.0.1", 0)).getsockname()
    path = str(tmp_path / "db.sock")
    server(ends, socket.AF_UNIX, path)
    server(ends, socket.AF_UNIX, "\0rtd-test-abstract")
    files = OpenFiles()
    links = [socket.create_connection(four)]
    for name in (path, "\0rtd-test-abstract"):
        links.append(socket.socket(socket.AF_UNIX))
        links[-1].connect(name)
    links.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    links[-1].connect(four)
    links.append(socket.socket(socket.AF_INET))
    for link in links:
        ends.enter_context(link)
    port = four[1]
    assert files.new_connections() == [
        f"tcp 127.0.0.1:{port}", f"unix {path}", "unix @rtd-test-abstract",
        f"udp 127.0.0.1:{port}", "tcp 0.0.0.0:0, not connected",
    ]  # fmt: skip


def test_servers_and_pairs_are_told(ends: ExitStack, tmp_path: Path) -> None:
    files = OpenFiles()
    port = server(ends, socket.AF_INET, ("127.0.0.1", 0)).getsockname()[1]
    server(ends, socket.AF_UNIX, str(tmp_path / "mine"))
    for end in socket.socketpair():
        ends.enter_context(end)
    ends.enter_context(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
    assert files.new_connections() == [
        f"tcp, listening on 127.0.0.1:{port}", f"unix, listening on {tmp_path / 'mine'}",
        "unix (no name)", "unix (no name)", "netlink socket",
    ]  # fmt: skip


def test_an_open_database_of_sqlite_is_told(tmp_path: Path) -> None:
    files = OpenFiles()
    base = sqlite3.connect(tmp_path / "my.db")
    base.execute("create table t (x)")
    assert files.new_connections() == [f"sqlite {tmp_path / 'my.db'}"]
    base.close()
    assert files.new_connections() == []


def test_what_can_be_shared_is_not_told(ends: ExitStack, tmp_path: Path) -> None:
    own = str(tmp_path / "rtd.sock")
    server(ends, socket.AF_UNIX, own)
    files = OpenFiles([own])
    loop = asyncio.new_event_loop()
    ends.callback(loop.close)
    ends.enter_context((tmp_path / "log").open("a"))
    ends.enter_context(select.epoll())
    for fd in (*os.pipe(), os.eventfd(0), os.memfd_create("x")):
        ends.callback(os.close, fd)
    ends.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    ends.enter_context(socket.socket(socket.AF_UNIX)).connect(own)
    assert files.new_connections() == []


def test_the_look_changes_no_socket(ends: ExitStack) -> None:
    files = OpenFiles()
    link = ends.enter_context(socket.socket())
    socket.setdefaulttimeout(3.0)
    try:
        files.new_connections()
        assert os.get_blocking(link.fileno())
        assert socket.getdefaulttimeout() == 3.0
    finally:
        socket.setdefaulttimeout(None)
