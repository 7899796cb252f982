"""The group that a daemon lets in: also as one of many groups of a user."""

import contextlib
import socket
from collections.abc import Iterator, Sequence

import pytest

from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from rtd.rpc.core.peer_credentials import peer_of
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.other_user import NOBODY, as_user, needs_root

GROUP = 4321
HELLO = frames.encode_request(1, "hello", {"version": frames.VERSION, "client": "test"})

pytestmark = needs_root


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon of root that lets a group in. The kernel lets all connect, so it decides alone."""
    with shared_daemon(flags=["--group", str(GROUP)]) as daemon:
        daemon.home.chmod(0o755)
        daemon.socket.chmod(0o666)
        yield daemon


def answer(daemon: Daemon, gid: int, groups: Sequence[int]) -> str:
    """The error that a client with these groups gets, or None."""

    def greet() -> object:
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(daemon.socket))
            with contextlib.suppress(BrokenPipeError):  # a refusal comes before any request
                link.sendall(HELLO)
            (message,) = Decoder().feed(link.recv(65536))
            assert isinstance(message, frames.Response)
            return message.error and message.error.code

    return as_user(NOBODY, greet, gid, groups)


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 5000])
def test_a_member_by_a_supplementary_group_is_let_in(daemon: Daemon, count: int) -> None:
    others = range(10_000, 10_000 + count - 1)
    assert answer(daemon, NOBODY, [*others, GROUP]) == "None"
    assert answer(daemon, NOBODY, [1000, *others]) == "not_permitted"


def test_a_member_by_the_primary_group_is_let_in(daemon: Daemon) -> None:
    assert answer(daemon, GROUP, []) == "None"
    assert answer(daemon, 1000, [1000]) == "not_permitted"


def test_the_groups_are_those_of_the_moment_of_the_connection() -> None:
    """A client that leaves its groups afterwards was a member; one that has none is none."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("\0rtd-test-groups")
    listener.listen()

    def connect() -> str:
        link = socket.socket(socket.AF_UNIX)
        link.connect("\0rtd-test-groups")
        return "connected"

    assert as_user(NOBODY, connect, 7, [8, 9, 4_000_000_000]) == "connected"
    connection, _ = listener.accept()
    peer = peer_of(connection)
    assert (peer.uid, peer.gid, sorted(peer.groups)) == (NOBODY, 7, [8, 9, 4_000_000_000])
    listener.close()
    connection.close()
