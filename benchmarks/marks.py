"""The bodies of the measured tasks, the same few lines for every system.

The workers of every system import this module, each in its own environment, so it uses only the
standard library, and a call costs next to nothing.
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

SCRATCH = Path(os.environ.get("BENCH_SCRATCH", "."))
FIRST = SCRATCH / "first-start"
STAMPS = SCRATCH / "stamps.sock"
PIDS = SCRATCH / "pids"
AT_ONCE = SCRATCH / "at-once"
_STAMP = struct.Struct("<q")
_FRESH = os.environ.get("BENCH_SECTION") == "fresh"

_noted: list[int] = []
_inside: list[None] = []
_most = [0]


def note_first_start() -> None:
    """Record, once per process, when the first run of all started (monotonic ns).

    Later calls in the same process cost one comparison; the first process wins. If each run must
    have its own process, each also leaves its pid behind as a proof.
    """
    if _FRESH:
        _append_pid()
    if _noted:
        return
    now_ns = time.monotonic_ns()
    _noted.append(now_ns)
    try:
        fd = os.open(FIRST, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return
    os.write(fd, str(now_ns).encode())
    os.close(fd)


def _append_pid() -> None:
    fd = os.open(PIDS, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, b"%d\n" % os.getpid())
    os.close(fd)


def first_start_ns() -> int:
    """Return when the first run started, in monotonic nanoseconds.

    Raises:
        FileNotFoundError: no run has started.
    """
    return int(FIRST.read_text())


def report_latency(sent_ns: int) -> None:
    """Send the measuring process the time since ``sent_ns``; the first step reads the clock."""
    latency_ns = time.monotonic_ns() - sent_ns
    _stamps().send(_STAMP.pack(latency_ns))


@functools.cache
def _stamps() -> socket.socket:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    link.connect(str(STAMPS))
    return link


@contextlib.contextmanager
def counted() -> Iterator[None]:
    """Count how many runs are inside at once, in the one process that carries them out."""
    _inside.append(None)
    if len(_inside) > _most[0]:
        _most[0] = len(_inside)
        os.pwrite(_at_once(), b"%8d" % _most[0], 0)
    try:
        yield
    finally:
        _inside.pop()


@functools.cache
def _at_once() -> int:
    return os.open(AT_ONCE, os.O_WRONLY | os.O_CREAT)


def most_at_once() -> int:
    """Return how many runs were inside of `counted` at once, at most."""
    return int(AT_ONCE.read_text())


class Stamps:
    """The receiving end of `report_latency`: a datagram socket that the measuring process reads."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(STAMPS))

    def next_us(self, timeout_s: float) -> float:
        """Return the next latency in microseconds.

        Raises:
            TimeoutError: none came within ``timeout_s``.
        """
        self._socket.settimeout(timeout_s)
        (latency_ns,) = _STAMP.unpack(self._socket.recv(_STAMP.size))
        return float(latency_ns) / 1000

    def close(self) -> None:
        """Close and unlink the socket."""
        self._socket.close()
        STAMPS.unlink(missing_ok=True)
