"""A TCP or TLS door before a Redis on a Unix socket, which can lose replies on purpose."""

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self


class Proxy:
    """Passes bytes between its clients and a server, until the test lets it lose a reply.

    Args:
        target: the server's Unix socket.
        context: wraps what clients see in TLS.
    """

    def __init__(self, target: Path, context: ssl.SSLContext | None = None) -> None:
        self._target = str(target)
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lose = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []

    def lose_next_reply(self) -> None:
        """The next reply never arrives: the connection ends instead."""
        self._lose.set()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_exc: object) -> None:
        for sock in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for sock in [self._listener, *self._open]:
            sock.close()

    def _start(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._context is not None:
                client = self._context.wrap_socket(client, server_side=True)
                self._open.append(client)
            server = socket.socket(socket.AF_UNIX)
            self._open.append(server)
            server.connect(self._target)
            self._start(self._pump, client, server)
            self._pump(server, client, replies=True)

    def _pump(self, source: socket.socket, sink: socket.socket, replies: bool = False) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if replies and self._lose.is_set():
                    self._lose.clear()
                    break
                sink.sendall(data)
        for sock in (source, sink):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def certificate(directory: Path) -> tuple[Path, Path]:
    """(certificate, key) of `localhost`, signed by itself."""
    cert, key = directory / "cert.pem", directory / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return cert, key


@contextlib.contextmanager
def tls_proxy(target: Path, directory: Path) -> Iterator[tuple[Proxy, Path]]:
    """A TLS door and the certificate that clients must trust."""
    cert, key = certificate(directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with Proxy(target, context) as proxy:
        yield proxy, cert
