"""Ways to make a Redis refuse commands for a while, and to end that."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final

import hiredis

from tests.helpers.external import ExternalRedis

#: A script that goes on until it is killed or the server's patience is over many times.
_LONG: Final = "while redis.call('time') do end"


Refusing = Callable[[ExternalRedis], AbstractContextManager[None]]


def _config(name: str, bad: str, good: str) -> Refusing:
    @contextlib.contextmanager
    def refusing(redis: ExternalRedis) -> Iterator[None]:
        send(redis, "CONFIG", "SET", name, bad)
        yield
        send(redis, "CONFIG", "SET", name, good)

    return refusing


@contextlib.contextmanager
def _replica(redis: ExternalRedis) -> Iterator[None]:
    """A replica whose master is away: read-only."""
    send(redis, "REPLICAOF", "127.0.0.1", "1")
    yield
    send(redis, "REPLICAOF", "NO", "ONE")


@contextlib.contextmanager
def _no_permission(redis: ExternalRedis) -> Iterator[None]:
    send(redis, "ACL", "SETUSER", "default", "-@write")
    yield
    send(redis, "ACL", "SETUSER", "default", "+@all")


@contextlib.contextmanager
def _busy(redis: ExternalRedis) -> Iterator[None]:
    """A client's script that does not end."""
    send(redis, "CONFIG", "SET", "lua-time-limit", "5")

    script = threading.Thread(target=send, args=(redis, "EVAL", _LONG, "0"))
    script.start()
    yield
    send(redis, "SCRIPT", "KILL")
    script.join()


def send(redis: ExternalRedis, *words: str) -> None:
    """Send one command, without a log-in: a server that is busy refuses that."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(redis.socket))
        connection.sendall(hiredis.pack_command(words))
        connection.recv(4096)


REFUSALS: Final[dict[str, Refusing]] = {
    "NOREPLICAS": _config("min-replicas-to-write", "1", "0"),
    "OOM": _config("maxmemory", "1", "0"),
    "READONLY": _replica,
    "NOPERM": _no_permission,
    "BUSY": _busy,
}
