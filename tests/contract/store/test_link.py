"""The blocking link: one round trip, honest about losses, a bell that can be left."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.common.errors import StoreError, StoreGone
from rtd.store.connection.blocking import Link
from rtd.store.connection.command import Call
from rtd.store.embedded.server import Embedded

PING = Call(("PING",))


@pytest.fixture
def link(shared_redis: Embedded) -> Iterator[Link]:
    with Link.connect(shared_redis.url) as link:
        yield link


def test_calls_are_answered_in_their_order(link: Link) -> None:
    calls = [Call(("ECHO", str(i)), int) for i in range(500)]
    assert link.call(*calls) == list(range(500))


def test_large_values_come_whole(link: Link) -> None:
    blob = os.urandom(3_000_000)
    assert link.call(Call(("SET", "big", blob)), Call(("GET", "big")))[1] == blob
    link.one(Call(("DEL", "big")))


def test_a_refused_call_says_what_and_the_others_are_carried_out(link: Link) -> None:
    with pytest.raises(StoreError, match=r"refused LPUSH: WRONGTYPE"):
        link.call(Call(("SET", "t", "1")), Call(("LPUSH", "t", "x")), Call(("INCR", "t")))
    assert link.one(Call(("GETDEL", "t"))) == b"2"


def test_nobody_there_is_said_after_the_time_that_was_given(home: Path) -> None:
    began = time.monotonic()
    with pytest.raises(StoreGone, match=r"no Redis at unix://.*/none.sock"):
        Link.connect(f"unix://{home}/none.sock", timeout_s=0.1)
    assert 0.1 <= time.monotonic() - began < 2


def test_a_wrong_password_is_said_at_once(shared_redis: Embedded) -> None:
    url = shared_redis.url.replace("unix://", "unix://:secret@")
    with pytest.raises(StoreError, match=r"refused AUTH") as caught:
        Link.connect(url, timeout_s=30)
    assert "secret" not in str(caught.value)


def test_password_and_database_are_used(shared_redis: Embedded, link: Link) -> None:
    link.one(Call(("ACL", "SETUSER", "anna", "on", ">s3cret/x", "~*", "+@all")))
    url = shared_redis.url.replace("unix://", "unix://anna:s3cret%2Fx@") + "?db=3"
    with Link.connect(url) as other:
        other.one(Call(("SET", "here", "1")))
        assert other.one(Call(("ACL", "WHOAMI"))) == b"anna"
    assert link.one(Call(("EXISTS", "here"))) == 0
    assert link.call(Call(("SELECT", 3)), Call(("GETDEL", "here")), Call(("SELECT", 0)))[1] == b"1"


def test_a_killed_server_is_a_loss_and_the_link_comes_back(redis: Embedded) -> None:
    with Link.connect(redis.url) as link:
        link.one(Call(("SET", "a", "1")))
        kill(redis)
        with pytest.raises(StoreGone, match=r"lost Redis|closed the connection"):
            link.one(PING)
        assert not link.connected
        with pytest.raises(StoreGone, match="not connected"):
            link.one(PING)
        redis.start()
        link.reconnect(5)
        assert link.one(Call(("GET", "a"))) == b"1"


def kill(redis: Embedded) -> None:
    """Kills the server as a crash would, and waits until it is gone."""
    assert redis._process is not None
    redis._process.kill()
    redis._process.wait()


def test_a_server_that_hangs_is_gone_after_the_reply_time_out(redis: Embedded) -> None:
    assert redis._process is not None
    with Link.connect(redis.url, reply_timeout_s=0.2) as link:
        redis._process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(StoreGone, match=r"has not answered for 0\.2 s"):
                link.one(PING)
        finally:
            redis._process.send_signal(signal.SIGCONT)


class Interrupted(Exception):
    pass


def test_an_exception_in_the_middle_of_a_call_closes_the_link(redis: Embedded) -> None:
    """Whatever comes next must not read the reply of the interrupted call."""

    def interrupt(_number: int, _frame: object) -> None:
        raise Interrupted

    assert redis._process is not None
    previous = signal.signal(signal.SIGUSR1, interrupt)
    send = threading.Timer(0.1, signal.pthread_kill, [threading.get_ident(), signal.SIGUSR1])
    with Link.connect(redis.url) as link:
        redis._process.send_signal(signal.SIGSTOP)
        try:
            send.start()
            with pytest.raises(Interrupted):
                link.one(Call(("ECHO", "stale")))
        finally:
            send.join()
            signal.signal(signal.SIGUSR1, previous)
            redis._process.send_signal(signal.SIGCONT)
        assert not link.connected
        link.reconnect()
        assert link.one(Call(("ECHO", "fresh"))) == b"fresh"


def test_a_server_that_is_no_redis_is_a_loss(home: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home / "s"))
        listener.listen()

        def babble() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(100)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        with pytest.raises(StoreGone, match="lost Redis"):
            Link.connect(f"unix://{home}/s", timeout_s=0)
        thread.join()


def test_a_bell_wakes_with_its_token(shared_redis: Embedded, link: Link) -> None:
    link.blpop_start("bell")
    assert link.blpop_poll(0.01) == (False, None, ())
    with Link.connect(shared_redis.url) as other:
        other.one(Call(("RPUSH", "bell", "token")))
    assert link.blpop_poll(5) == (True, b"token", ())
    assert link.one(PING) == b"PONG"


def test_a_bell_that_stays_silent_ends_at_its_time_out(link: Link) -> None:
    link.blpop_start("bell", 0.02)
    assert link.blpop_poll(5) == (True, None, ())


def test_a_wait_on_a_bell_also_ends_for_another_fd(link: Link) -> None:
    read_fd, write_fd = os.pipe()
    link.blpop_start("bell")
    os.write(write_fd, b"x")
    assert link.blpop_poll(5, [read_fd]) == (False, None, (read_fd,))
    assert link.blpop_cancel() == b""
    assert link.one(PING) == b"PONG"
    os.close(read_fd)
    os.close(write_fd)


def test_a_token_that_came_before_the_cancel_is_not_lost(
    shared_redis: Embedded, link: Link
) -> None:
    link.blpop_start("bell")
    with Link.connect(shared_redis.url) as other:
        other.one(Call(("RPUSH", "bell", "token")))
    assert link.blpop_cancel() == b"token"
    assert link.one(Call(("LPOP", "bell"))) == b""
    assert link.blpop_cancel() is None


def test_a_call_while_waiting_on_a_bell_is_a_mistake_that_is_named(link: Link) -> None:
    link.blpop_start("bell")
    with pytest.raises(RuntimeError, match="cancel it first"):
        link.one(PING)
    with pytest.raises(RuntimeError, match="pending already"):
        link.blpop_start("bell")
    link.blpop_cancel()
    with pytest.raises(RuntimeError, match="no wait on a bell"):
        link.blpop_poll(0)


def test_a_server_killed_while_waiting_on_a_bell_is_a_loss(redis: Embedded) -> None:
    with Link.connect(redis.url) as link:
        link.blpop_start("bell")
        kill(redis)
        with pytest.raises(StoreGone):
            link.blpop_poll(5)
