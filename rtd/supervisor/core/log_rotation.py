"""Keeps the logs of a detached daemon and of its embedded Redis within a bound, with one old file.

The zygote, and processes that an app starts at its import, have the same file as their stdout and
stderr, so another file cannot take its place: its contents move to `rtd.log.1`, and it is cut to
nothing. All write at the end of the file (O_APPEND), wherever that is. A line that is written in
the microseconds between the last copied byte and the cut is lost. `redis.log` is the stdout and
stderr of Redis in the same way.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

#: A longer log moves to `rtd.log.1`, which keeps this many of its last bytes.
LIMIT_BYTES: Final = 10 << 20
#: The bound of the log of the embedded Redis, which writes little unless something is wrong.
REDIS_LIMIT_BYTES: Final = 1 << 20
#: How often the size is checked, for what other processes have written.
INTERVAL_S: Final = 60.0
_STEP: Final = 1 << 20


class BoundedHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to a stream that is the log file, and keeps the file within the bound.

    Args:
        file: the log, which is open for appending as stderr already.
        limit_bytes: the bound; other processes may exceed it for a minute.

    Attributes:
        file: the log.
    """

    def __init__(self, file: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        super().__init__()
        self.file = file
        self._limit_bytes = limit_bytes

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        super().emit(record)
        self.rotate()

    def rotate(self) -> None:
        """Move a log away that is too long; if there is no room for that, only cut it."""
        assert self.lock is not None
        with self.lock, contextlib.suppress(OSError):
            fd = self.stream.fileno()
            if os.fstat(fd).st_size > self._limit_bytes:
                _move(self.file, fd, self._limit_bytes)


class BoundedFile:
    """A file that another program appends to.

    Args:
        file: need not exist.
        limit_bytes: the bound; the program may exceed it for a minute.
    """

    def __init__(self, file: Path, limit_bytes: int) -> None:
        self._file = file
        self._limit_bytes = limit_bytes

    def rotate(self) -> None:
        """Move a file away that is too long; if there is no room for that, only cut it."""
        with contextlib.suppress(OSError), self._file.open("ab") as log:
            if log.tell() > self._limit_bytes:
                _move(self._file, log.fileno(), self._limit_bytes)


def _move(file: Path, fd: int, limit_bytes: int) -> None:
    temporary = file.with_name(file.name + ".new")
    with file.open("rb") as source:
        if not os.path.samestat(os.fstat(source.fileno()), os.fstat(fd)):
            return  # another process has replaced the file, and takes care of it
        try:
            with temporary.open("wb") as copy:
                source.seek(-limit_bytes, os.SEEK_END)
                while block := source.read(_STEP):
                    copy.write(block)
                copy.flush()
                os.ftruncate(fd, 0)
        except OSError:
            os.ftruncate(fd, 0)  # no room for the old file: the bound comes first
            with contextlib.suppress(OSError):
                temporary.unlink()
            return
    temporary.rename(file.with_name(file.name + ".1"))


async def rotate_periodically(
    logs: Sequence[logging.Handler | BoundedFile], look_s: float = INTERVAL_S
) -> None:
    """Check the size of the logs every minute, until cancelled."""
    bounded = [log for log in logs if isinstance(log, BoundedHandler | BoundedFile)]
    while bounded:
        await asyncio.sleep(look_s)
        for log in bounded:
            log.rotate()
