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
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.server import EmbeddedRedis

PING = RedisCommand(("PING",))


@pytest.fixture
def link(shared_redis: EmbeddedRedis) -> Iterator[RedisConnection]:
    with RedisConnection.connect(shared_redis.url) as link:
        yield link


def test_calls_are_answered_in_their_order(link: RedisConnection) -> None:
    calls = [RedisCommand(("ECHO", str(i)), int) for i in range(500)]
    assert link.execute_all(*calls) == list(range(500))


def test_large_values_come_whole(link: RedisConnection) -> None:
    blob = os.urandom(3_000_000)
    assert (
        link.execute_all(RedisCommand(("SET", "big", blob)), RedisCommand(("GET", "big")))[1]
        == blob
    )
    link.execute(RedisCommand(("DEL", "big")))


def test_a_refused_call_says_what_and_the_others_are_carried_out(link: RedisConnection) -> None:
    with pytest.raises(StoreError, match=r"refused LPUSH: WRONGTYPE"):
        link.execute_all(
            RedisCommand(("SET", "t", "1")),
            RedisCommand(("LPUSH", "t", "x")),
            RedisCommand(("INCR", "t")),
        )
    assert link.execute(RedisCommand(("GETDEL", "t"))) == b"2"


def test_a_missing_server_is_an_error_after_the_time_that_was_given(home: Path) -> None:
    began = time.monotonic()
    with pytest.raises(StoreGone, match=r"no Redis at unix://.*/none.sock"):
        RedisConnection.connect(f"unix://{home}/none.sock", timeout_s=0.1)
    assert 0.1 <= time.monotonic() - began < 10


def test_a_wrong_password_is_said_at_once(shared_redis: EmbeddedRedis) -> None:
    url = shared_redis.url.replace("unix://", "unix://:secret@")
    with pytest.raises(StoreError, match=r"refused AUTH") as caught:
        RedisConnection.connect(url, timeout_s=30)
    assert "secret" not in str(caught.value)


def test_password_and_database_are_used(shared_redis: EmbeddedRedis, link: RedisConnection) -> None:
    link.execute(RedisCommand(("ACL", "SETUSER", "anna", "on", ">s3cret/x", "~*", "+@all")))
    url = shared_redis.url.replace("unix://", "unix://anna:s3cret%2Fx@") + "?db=3"
    with RedisConnection.connect(url) as other:
        other.execute(RedisCommand(("SET", "here", "1")))
        assert other.execute(RedisCommand(("ACL", "WHOAMI"))) == b"anna"
    assert link.execute(RedisCommand(("EXISTS", "here"))) == 0
    assert (
        link.execute_all(
            RedisCommand(("SELECT", 3)),
            RedisCommand(("GETDEL", "here")),
            RedisCommand(("SELECT", 0)),
        )[1]
        == b"1"
    )


def test_a_killed_server_is_a_loss_and_the_link_comes_back(redis: EmbeddedRedis) -> None:
    with RedisConnection.connect(redis.url) as link:
        link.execute(RedisCommand(("SET", "a", "1")))
        kill(redis)
        with pytest.raises(StoreGone, match=r"lost Redis|closed the connection"):
            link.execute(PING)
        assert not link.connected
        with pytest.raises(StoreGone, match="not connected"):
            link.execute(PING)
        redis.start()
        link.reconnect(5)
        assert link.execute(RedisCommand(("GET", "a"))) == b"1"


def kill(redis: EmbeddedRedis) -> None:
    """Kills the server as a crash would, and waits until it is gone."""
    assert redis._process is not None
    redis._process.kill()
    redis._process.wait()


def test_a_server_that_hangs_is_gone_after_the_reply_time_out(redis: EmbeddedRedis) -> None:
    assert redis._process is not None
    with RedisConnection.connect(redis.url, reply_timeout_s=0.2) as link:
        redis._process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(StoreGone, match=r"has not answered for 0\.2 s"):
                link.execute(PING)
        finally:
            redis._process.send_signal(signal.SIGCONT)


class Interrupted(Exception):
    pass


def test_an_exception_in_the_middle_of_a_call_closes_the_link(redis: EmbeddedRedis) -> None:
    """The next call must not read the reply of the interrupted one."""

    def interrupt(_number: int, _frame: object) -> None:
        raise Interrupted

    assert redis._process is not None
    previous = signal.signal(signal.SIGUSR1, interrupt)
    send = threading.Timer(0.1, signal.pthread_kill, [threading.get_ident(), signal.SIGUSR1])
    with RedisConnection.connect(redis.url) as link:
        redis._process.send_signal(signal.SIGSTOP)
        try:
            send.start()
            with pytest.raises(Interrupted):
                link.execute(RedisCommand(("ECHO", "stale")))
        finally:
            send.join()
            signal.signal(signal.SIGUSR1, previous)
            redis._process.send_signal(signal.SIGCONT)
        assert not link.connected
        link.reconnect()
        assert link.execute(RedisCommand(("ECHO", "fresh"))) == b"fresh"


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
            RedisConnection.connect(f"unix://{home}/s", timeout_s=0)
        thread.join()


def test_a_bell_wakes_with_its_token(shared_redis: EmbeddedRedis, link: RedisConnection) -> None:
    link.blpop_start("bell")
    assert link.blpop_poll(0.01) == (False, None, ())
    with RedisConnection.connect(shared_redis.url) as other:
        other.execute(RedisCommand(("RPUSH", "bell", "token")))
    assert link.blpop_poll(5) == (True, b"token", ())
    assert link.execute(PING) == b"PONG"


def test_a_bell_that_stays_silent_ends_at_its_time_out(link: RedisConnection) -> None:
    link.blpop_start("bell", 0.02)
    assert link.blpop_poll(5) == (True, None, ())


def test_a_wait_on_a_bell_also_ends_for_another_fd(link: RedisConnection) -> None:
    read_fd, write_fd = os.pipe()
    link.blpop_start("bell")
    os.write(write_fd, b"x")
    assert link.blpop_poll(5, [read_fd]) == (False, None, (read_fd,))
    assert link.blpop_cancel() == b""
    assert link.execute(PING) == b"PONG"
    os.close(read_fd)
    os.close(write_fd)


def test_a_token_that_came_before_the_cancel_is_not_lost(
    shared_redis: EmbeddedRedis, link: RedisConnection
) -> None:
    link.blpop_start("bell")
    with RedisConnection.connect(shared_redis.url) as other:
        other.execute(RedisCommand(("RPUSH", "bell", "token")))
    assert link.blpop_cancel() == b"token"
    assert link.execute(RedisCommand(("LPOP", "bell"))) == b""
    assert link.blpop_cancel() is None


def test_a_call_while_waiting_on_a_bell_is_a_mistake_that_is_named(link: RedisConnection) -> None:
    link.blpop_start("bell")
    with pytest.raises(RuntimeError, match="cancel it first"):
        link.execute(PING)
    with pytest.raises(RuntimeError, match="pending already"):
        link.blpop_start("bell")
    link.blpop_cancel()
    with pytest.raises(RuntimeError, match="no wait on a bell"):
        link.blpop_poll(0)


def test_a_server_killed_while_waiting_on_a_bell_is_a_loss(redis: EmbeddedRedis) -> None:
    with RedisConnection.connect(redis.url) as link:
        link.blpop_start("bell")
        kill(redis)
        with pytest.raises(StoreGone):
            link.blpop_poll(5)
