"""A client that keeps its connection, with next to no work of its own."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.case import CaseFailed

ANSWER_S = 10.0
_TOOK = re.compile(rb"^HTTP/1.1 202 .*\r\nTook-Ns: (\d+)\r\n", re.DOTALL)


class Sample(NamedTuple):
    """A request: the microseconds until its answer, and those that the view spent on queueing."""

    whole_us: float
    call_us: float


class KeptConnection:
    """One connection to a server on a Unix socket. Connects when it is first used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._link: socket.socket | None = None

    def post(self, target: str) -> Sample:
        """Send a request and wait for its answer.

        Raises:
            CaseFailed: the answer is not 202.
            OSError: there is no server.
        """
        data = f"POST {target} HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n".encode()
        link = self._connected()
        started = time.perf_counter_ns()
        link.sendall(data)
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            piece = link.recv(4096)
            if not piece:
                raise CaseFailed(f"the server closed the connection: {answer!r}")
            answer += piece
        took_ns = time.perf_counter_ns() - started
        found = _TOOK.match(answer)
        if found is None:
            raise CaseFailed(f"the answer to {target}: {answer[:500]!r}")
        return Sample(took_ns / 1000, int(found[1]) / 1000)

    def _connected(self) -> socket.socket:
        if self._link is None:
            self._link = socket.socket(socket.AF_UNIX)
            self._link.settimeout(ANSWER_S)
            self._link.connect(str(self._path))
        return self._link

    def close(self) -> None:
        """Close it."""
        if self._link is not None:
            self._link.close()
        self._link = None
