"""A mail server that keeps what it gets."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message


class _Session(socketserver.StreamRequestHandler):
    """One client: the part of SMTP that smtplib speaks."""

    server: "MailServer"

    def handle(self) -> None:
        self._answer("220 test")
        while line := self.rfile.readline():
            word = line.strip().split(b" ")[0].upper()
            if word == b"DATA":
                self._answer("354 go on")
                self.server.mails.append(message_from_bytes(self._body()))
                self._answer("250 taken")
            elif word == b"QUIT":
                self._answer("221 bye")
                return
            else:
                self._answer("250 ok")

    def _body(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _answer(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """Listens on a free port of this host.

    Attributes:
        mails: in the order in which they came.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[Message] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Give a mail server that is up."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)
