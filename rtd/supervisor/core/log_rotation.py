"""The logs of a detached daemon and of its own Redis have a bound: beyond it, one old file is kept.

The zygote and what an app starts at its import hold the same file as their stdout and stderr,
so it cannot be replaced by another one: its contents are moved to `rtd.log.1` and it is cut to
nothing. All write at the end of the file (O_APPEND), wherever that is. What comes between the
last copied byte and the cut is lost; that is a matter of microseconds. `redis.log` is Redis'
stdout and stderr in the same way.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

#: The log moves to `rtd.log.1` when it is longer; that keeps its last so many bytes.
LIMIT_BYTES: Final = 10 << 20
#: That of the embedded Redis, which says little as long as all is well.
REDIS_LIMIT_BYTES: Final = 1 << 20
#: How often somebody looks at what was written past the daemon.
INTERVAL_S: Final = 60.0
_STEP: Final = 1 << 20


class BoundedHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to a stream that is the log file, and keeps that within the bound.

    Args:
        file: the log, which is open for appending as stderr already.
        limit_bytes: the bound; what others write meanwhile may exceed it for a minute.
    """

    def __init__(self, file: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        super().__init__()
        self._file = file
        self._limit_bytes = limit_bytes

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        super().emit(record)
        self.rotate()

    def rotate(self) -> None:
        """Move the log away when it is too long; without room for that it is cut all the same."""
        assert self.lock is not None
        with self.lock, contextlib.suppress(OSError):
            fd = self.stream.fileno()
            if os.fstat(fd).st_size > self._limit_bytes:
                _move(self._file, fd, self._limit_bytes)


class BoundedFile:
    """A file that another program writes to, at its end.

    Args:
        file: need not exist. limit_bytes: the bound; what comes within a minute may exceed it.
    """

    def __init__(self, file: Path, limit_bytes: int) -> None:
        self._file = file
        self._limit_bytes = limit_bytes

    def rotate(self) -> None:
        """Move it away when it is too long; without room for that it is cut all the same."""
        with contextlib.suppress(OSError), self._file.open("ab") as log:
            if log.tell() > self._limit_bytes:
                _move(self._file, log.fileno(), self._limit_bytes)


def _move(file: Path, fd: int, limit_bytes: int) -> None:
    temporary = file.with_name(file.name + ".new")
    with file.open("rb") as source:
        if not os.path.samestat(os.fstat(source.fileno()), os.fstat(fd)):
            return  # somebody else has replaced it, and takes care of it
        try:
            with temporary.open("wb") as copy:
                source.seek(-limit_bytes, os.SEEK_END)
                while block := source.read(_STEP):
                    copy.write(block)
                copy.flush()
                os.ftruncate(fd, 0)
        except OSError:
            os.ftruncate(fd, 0)  # no room for the old one: the bound comes first
            with contextlib.suppress(OSError):
                temporary.unlink()
            return
    temporary.rename(file.with_name(file.name + ".1"))


async def rotate_periodically(
    logs: Sequence[logging.Handler | BoundedFile], look_s: float = INTERVAL_S
) -> None:
    """Look after what others write to the logs, until cancelled."""
    bounded = [log for log in logs if isinstance(log, BoundedHandler | BoundedFile)]
    while bounded:
        await asyncio.sleep(look_s)
        for log in bounded:
            log.rotate()
