"""What listens in the place of Redis may send anything: each time one line, in bounded time."""

import asyncio
import contextlib
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rtd.common.errors import RtdError, StoreError, StoreGone
from rtd.store.connection import codec
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.async_protocol import RedisProtocol
from rtd.store.connection.blocking import RedisConnection
from tests.contract.store.connection.test_network import needs_openssl
from tests.helpers.deadline import until_async

SECRET = "my-secret-word"
#: What a server sends after the log-in, again and again; the last piece for ever.
ANSWERS = {
    "another protocol": (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not what Redis says: .*type byte"),
    "TLS": (b"\x15\x03\x01\x00\x02\x02\x16", r"but TLS: is it rediss://"),
    "depth": (b"*1\r\n" * 100_000, "not what Redis says: .*depth"),
    "nothing": (b"", r"has not answered for 0\.3 s"),
    "a bit": (b"x", r"has not answered for 0\.3 s"),
    "no end": (b"y" * 65_536, "a reply of more than 1 MB"),
}


class HostileServer:
    """Sends the same to each client, until it is closed."""

    def __init__(self, first: bytes, again: bytes, pause_s: float = 0.0) -> None:
        self._words = first, again, pause_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._clients: list[socket.socket] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        self.port: int = self._listener.getsockname()[1]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._clients.append(client)
                self._threads.append(threading.Thread(target=self._send, args=(client,)))
                self._threads[-1].start()

    def _send(self, client: socket.socket) -> None:
        first, again, pause_s = self._words
        with contextlib.suppress(OSError):
            client.recv(1000)
            client.sendall(first)
            while again and not self._over.wait(pause_s):
                client.sendall(again)

    def close(self) -> None:
        """End all connections and threads."""
        self._over.set()
        for one in (self._listener, *self._clients):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()


Serve = Callable[..., str]


@pytest.fixture
def hostile() -> Iterator[Serve]:
    """Starts such a server; gives its URL."""
    made: list[HostileServer] = []

    def serve(first: bytes, again: bytes = b"", pause_s: float = 0.0) -> str:
        made.append(HostileServer(first, again, pause_s))
        return f"redis://:{SECRET}@127.0.0.1:{made[-1].port}"

    yield serve
    for server in made:
        server.close()


def blocking(url: str, limit_s: float) -> None:
    RedisConnection.connect(url, timeout_s=limit_s, reply_timeout_s=limit_s)


def of_asyncio(url: str, limit_s: float) -> None:
    asyncio.run(AsyncRedisConnection.connect(url, timeout_s=limit_s))  # type: ignore[arg-type]


CONNECTS = pytest.mark.parametrize("connect", [blocking, of_asyncio])


def said(connect: Callable[[str, float], None], url: str, limit_s: float = 0.3) -> str:
    """What the error says: one line, without the password."""
    with pytest.raises(RtdError) as caught:
        connect(url, limit_s)
    text = caught.value.sentence
    assert text.isprintable()
    assert SECRET not in text
    assert len(text) < 500
    return text


@CONNECTS
@pytest.mark.parametrize("what", ANSWERS)
def test_each_is_one_line_in_bounded_time_and_memory(
    hostile: Serve, connect: Callable[[str, float], None], what: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(codec, "REPLY_LIMIT_BYTES", 1 << 20)
    sent, pattern = ANSWERS[what]
    if len(sent) == 1 or len(sent) == 65_536:
        slow = len(sent) == 1
        url = hostile(b"$900000000\r\n", sent, 0.05 if slow else 0.0)
        limit_s = 0.3 if slow else 2.0
    else:
        url, limit_s = hostile(sent), 0.3
    began_s = time.monotonic()
    text = said(connect, url, limit_s)
    assert re.search(pattern, text), text
    assert time.monotonic() - began_s < limit_s + 5


@CONNECTS
def test_the_text_of_an_error_is_bounded_and_has_no_password(
    hostile: Serve, connect: Callable[[str, float], None]
) -> None:
    """A Redis whose AUTH was renamed repeats the password; any other may send what it likes."""
    unknown = f"-ERR unknown command 'AUTH', with args beginning with: '{SECRET}'\r\n+PONG\r\n"
    assert said(connect, hostile(unknown.encode())).endswith("unknown command 'AUTH'")
    assert "you said *** !" in said(
        connect, hostile(f"-ERR you said {SECRET} !\r\n+P\r\n".encode())
    )
    said(connect, hostile(b"-WRONGPASS \x1b[31m" + b"x" * 100_000 + b"\r\n+PONG\r\n"))


def test_a_server_that_stalls_later_counts_as_gone(hostile: Serve) -> None:
    """Also for the supervisor, which has no time-out of a socket."""
    url = hostile(b"+OK\r\n+PONG\r\n")

    async def main() -> str:
        link = await AsyncRedisConnection.connect(url)
        assert link._protocol is not None
        wire: RedisProtocol = link._protocol
        wire.watch(0.2)
        with pytest.raises(StoreGone) as caught:
            await link.execute(link.probe)
        await link.close()
        return caught.value.sentence

    assert asyncio.run(main()) == "lost Redis: it has not answered for 0.2 s"


def test_a_connection_that_waits_for_no_reply_sets_no_timer(hostile: Serve) -> None:
    url = hostile(b"+OK\r\n+PONG\r\n")

    async def main() -> None:
        link = await AsyncRedisConnection.connect(url)
        wire = link._protocol
        assert wire is not None
        wire.watch(0.2)
        await until_async(lambda: wire._timer is None, what="no timer is set")
        await link.close()

    asyncio.run(main())


def certificate(folder: Path, name: str, days: int, host: str = "localhost") -> Path:
    """A certificate, signed by itself, with its key in the same file. It expires after `days`."""
    path, key = folder / f"{name}.pem", folder / f"{name}.key"
    names = folder / f"{name}.names"
    names.write_text(f"subjectAltName=DNS:{host}")
    request = subprocess.run(
        ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-subj", f"/CN={host}", "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        ["openssl", "x509", "-req", "-signkey", key, "-days", str(days), "-extfile", names,
         "-out", path],
        check=True, capture_output=True, input=request.stdout,
    )  # fmt: skip
    path.write_text(path.read_text() + key.read_text())
    return path


@needs_openssl
@CONNECTS
@pytest.mark.parametrize(
    ("days", "host", "trusted", "pattern"),
    [
        (2, "localhost", False, "self-signed certificate"),
        (2, "other.example", True, "Hostname mismatch"),
        (0, "localhost", True, "certificate has expired"),
    ],
    ids=["wrong CA", "wrong host", "expired"],
)
def test_a_wrong_certificate_is_said_at_once(
    tmp_path: Path, connect: Callable[[str, float], None],
    days: int, host: str, trusted: bool, pattern: str,
) -> None:  # fmt: skip
    shown = certificate(tmp_path, "shown", days, host)
    authority = shown if trusted else certificate(tmp_path, "other", 2)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_greet, args=(listener, context))
        thread.start()
        port = listener.getsockname()[1]
        text = said(connect, f"rediss://:{SECRET}@localhost:{port}?ssl_ca_certs={authority}", 20)
        thread.join()
    assert "TLS failed" in text
    assert pattern in text


def _greet(listener: socket.socket, context: ssl.SSLContext) -> None:
    client, _ = listener.accept()
    with contextlib.suppress(OSError), client:
        context.wrap_socket(client, server_side=True).close()


@CONNECTS
def test_a_server_without_tls_is_said_at_once(
    hostile: Serve, connect: Callable[[str, float], None]
) -> None:
    url = hostile(b"-ERR unknown command\r\n").replace("redis://", "rediss://")
    assert "the server does not speak TLS" in said(connect, url, 20)


def test_no_login_is_a_refusal(hostile: Serve) -> None:
    with pytest.raises(StoreError, match="refused PING"):
        blocking(hostile(b"+OK\r\n-NOPERM this user has no permissions\r\n"), 1)
