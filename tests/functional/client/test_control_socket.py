"""The control socket against clients that send rubbish, stall, vanish, or may not be there."""

import contextlib
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgpack
import pytest

from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from tests.helpers.daemon import Daemon, DaemonMaker, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS, ROOT

HELLO = frames.encode_request(1, "hello", {"version": frames.VERSION, "client": "test"})
PING = frames.encode_request(2, "ping", {})


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """One daemon for all of these, with small frames."""
    flags = ["--set", "limits.frame=256 KB"]
    with shared_daemon("supervised:session", flags, cwd=PROGRAMS) as daemon:
        yield daemon


def connect(daemon: Daemon) -> socket.socket:
    """A client that breaks the rules of the protocol."""
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(10)
    link.connect(str(daemon.socket))
    return link


def answers(link: socket.socket, count: int | None = None) -> list[frames.Response]:
    """Read this many answers; None: all until the end of the connection."""
    decoder = Decoder()
    found: list[frames.Response] = []
    while count is None or len(found) < count:
        try:
            data = link.recv(65536)
        except ConnectionResetError:
            break
        if not data:
            break
        found += [m for m in decoder.feed(data) if isinstance(m, frames.Response)]
    return found


def descriptors(daemon: Daemon) -> int:
    """Return how many descriptors the supervisor has open."""
    assert daemon.process is not None
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


#: Connections to Redis and files that the supervisor opens when it first needs them.
OPENED_LATER = 8


def rubbish(seed: int) -> bytes:
    """A frame that is malformed, truncated, oversized, or well formed and senseless."""
    luck = random.Random(seed)
    kind = seed % 6
    if kind == 0:
        return luck.randbytes(luck.randint(1, 200))
    if kind == 1:
        whole = frames.encode_request(3, "ls", {"limit": 5})
        return whole[: luck.randint(1, len(whole) - 1)]
    if kind == 2:
        return b"\xdd\xff\xff\xff\xff"  # an array of four thousand million
    if kind == 3:
        return b"\xc6\x7f\xff\xff\xff" + bytes(300_000)  # a header that claims two gigabytes
    if kind == 4:
        return bytes(msgpack.packb([0, luck.randint(-5, 5), "ping", luck.choice([None, 1, [1]])]))
    return bytes(msgpack.packb({"not": ["a", "frame", luck.random()]}))


class Pinger(threading.Thread):
    """A well behaved client; measures how long it waits for its answers."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self._link = connect(daemon)
        self._link.sendall(HELLO)
        answers(self._link, 1)
        self._end = threading.Event()
        self.waits_s: list[float] = []

    def run(self) -> None:
        while not self._end.wait(0.005):
            began = time.monotonic()
            self._link.sendall(PING)
            (answer,) = answers(self._link, 1)
            assert answer.error is None
            self.waits_s.append(time.monotonic() - began)

    def stop(self) -> list[float]:
        self._end.set()
        self.join()
        self._link.close()
        return sorted(self.waits_s)


def test_rubbish_hurts_only_its_sender(daemon: Daemon) -> None:
    before = descriptors(daemon)
    pinger = Pinger(daemon)
    pinger.start()
    for seed in range(600):
        link = connect(daemon)
        with contextlib.suppress(
            BrokenPipeError, ConnectionResetError
        ):  # the daemon may close the connection
            link.sendall(HELLO + rubbish(seed) if seed % 2 else rubbish(seed))
        link.close()
    waits = pinger.stop()
    assert len(waits) > 20
    # The machine may be busy with other tests, so these limits only tell a daemon that stood still.
    assert waits[len(waits) // 2] < 0.050
    assert waits[-1] < 2
    most = before + OPENED_LATER
    until(lambda: descriptors(daemon) <= most, what="all descriptors are given back")


def test_a_malformed_frame_is_answered_and_the_connection_closed(daemon: Daemon) -> None:
    with connect(daemon) as link:
        link.sendall(HELLO + b"\xc1")
        *_, last = answers(link)
        assert (last.msgid, last.error.code if last.error else "") == (0, "bad_request")


def test_an_oversized_frame_is_refused_before_it_is_complete(daemon: Daemon) -> None:
    with connect(daemon) as link:
        link.sendall(HELLO)
        answers(link, 1)
        link.sendall(b"\x94\x00\x02\xa4ping\x91\x81\xa1x\xc6\x00\x40\x00\x00")
        sender = threading.Thread(target=push, args=(link, bytes(4 << 20)))
        sender.start()
        (last,) = answers(link)
        assert last.error is not None
        assert last.error.code == "frame_too_large"
        sender.join()


def push(link: socket.socket, data: bytes) -> None:
    """Send bytes; the daemon may close the connection before it has read them all."""
    try:
        link.sendall(data)
    except OSError:
        return


def test_hello_comes_first_and_in_the_right_version(daemon: Daemon) -> None:
    with connect(daemon) as link:
        link.sendall(PING)
        (answer,) = answers(link, 1)
        assert answer.error is not None
        assert "hello" in answer.error.sentence
        link.sendall(frames.encode_request(3, "hello", {"version": 99}))
        (answer,) = answers(link, 1)
        assert answer.error is not None
        assert answer.error.code == "version_mismatch"


def test_a_client_that_does_not_read_its_answers_does_not_block_others(daemon: Daemon) -> None:
    with client(daemon) as rt, connect(daemon) as deaf:
        rt.submit_many("add", [{"a": n} for n in range(300)])
        ls = b"".join(frames.encode_request(n, "ls", {"limit": 300}) for n in range(3, 200))
        deaf.sendall(HELLO)
        deaf.setblocking(False)
        sent = 0
        while sent < len(ls):  # until the daemon stops reading from us
            try:
                sent += deaf.send(ls[sent : sent + 4096])
            except BlockingIOError:
                break
        began = time.monotonic()
        for _ in range(20):
            assert rt.rpc.ping()["pid"]
        assert time.monotonic() - began < 10.0
        assert memory_bytes(daemon) < 200 << 20


def memory_bytes(daemon: Daemon) -> int:
    """Return the resident memory of the supervisor."""
    assert daemon.process is not None
    statm = Path(f"/proc/{daemon.process.pid}/statm").read_text()
    return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_clients_that_vanish_leave_nothing_behind(daemon: Daemon) -> None:
    before = descriptors(daemon)
    with client(daemon) as rt:
        run = rt.submit("sleep", seconds=600)
        wait = frames.encode_request(2, "wait", {"runs": [run.id], "timeout_s": None})
        follow = frames.encode_request(3, "logs", {"run": run.id, "follow": True})
        events = frames.encode_request(4, "events", {"follow": True})
        links = [connect(daemon) for _ in range(30)]
        for link in links:
            link.sendall(HELLO + wait + follow + events)
        until(lambda: descriptors(daemon) > before + 30, what="they are all served")
        for link in links:
            link.close()
        run.kill(grace=1.0)
    most = before + OPENED_LATER
    until(lambda: descriptors(daemon) <= most, what="all descriptors are given back")


def test_many_requests_at_once_are_each_answered(daemon: Daemon) -> None:
    with connect(daemon) as link:
        link.sendall(HELLO)
        link.sendall(b"".join(frames.encode_request(n, "ping", {}) for n in range(2, 1002)))
        assert {answer.msgid for answer in answers(link, 1001)} == set(range(1, 1002))


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
def test_another_uid_without_the_group_is_refused_with_a_reason(start_daemon: DaemonMaker) -> None:
    """The file's mode keeps it out; where that was loosened, the daemon refuses by itself."""
    daemon = start_daemon()
    os.chmod(daemon.home, 0o755)
    os.chmod(daemon.socket, 0o666)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(daemon.socket)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "not_permitted" in done.stdout, done
    assert "uid 65534" in done.stdout
    with connect(daemon) as link:
        link.sendall(HELLO + PING)
        assert all(answer.error is None for answer in answers(link, 2))


AS_NOBODY = """
import os, socket, sys
from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
os.setgroups([]); os.setgid(65534); os.setuid(65534)
link = socket.socket(socket.AF_UNIX)
link.connect(sys.argv[1])
for answer in Decoder().feed(link.recv(65536)):
    print(answer.error.code, answer.error.sentence)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
def test_a_member_of_the_group_is_let_in(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon(None, ["--group", "65534"])
    os.chmod(daemon.home, 0o755)
    status = daemon.socket.stat()
    assert (status.st_mode & 0o777, status.st_gid) == (0o660, 65534)
    script = AS_NOBODY.replace("link.connect(sys.argv[1])", CONNECT_AND_PING)
    script = script.replace(
        "print(answer.error.code, answer.error.sentence)", "print(answer.error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(daemon.socket)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["None"], done


CONNECT_AND_PING = """link.connect(sys.argv[1])
link.sendall(frames.encode_request(1, "hello", {"version": frames.VERSION}))"""
