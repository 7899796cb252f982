"""Finished runs that Redis does not know yet, kept where they survive their executor.

A mapped file per executor: the first 8 bytes are how many bytes are committed, then
entries, each a 4-byte length and a blob. The executor adds an entry when a run ends and
clears the spool when Redis has taken them; when it dies in between, the supervisor writes
the outcomes that it finds here, and a run that had finished does not run twice.
"""

import mmap
import os
import struct
from pathlib import Path
from typing import Final

_LENGTH: Final = struct.Struct("<I")
_FIRST: Final = 8
#: An executor reports what it has before the spool grows beyond this.
FULL_BYTES: Final = 1 << 20


class Spool:
    """The writer's side. Entries are committed one by one, each with one aligned store."""

    def __init__(self, path: Path, entry_limit_bytes: int) -> None:
        self.path = path
        size = (FULL_BYTES + entry_limit_bytes + 4096) // 4096 * 4096
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(fd, size)
            self._map = mmap.mmap(fd, size)
        finally:
            os.close(fd)
        self._head = memoryview(self._map)[:_FIRST].cast("Q")
        self._used = 0
        self._head[0] = 0

    def add(self, blob: bytes) -> None:
        """Keep one entry. Raises ValueError when it does not fit; see `full`."""
        start = _FIRST + self._used
        middle = start + 4
        self._map[start:middle] = _LENGTH.pack(len(blob))
        self._map[middle : middle + len(blob)] = blob
        self._used += 4 + len(blob)
        self._head[0] = self._used

    @property
    def full(self) -> bool:
        """Whether what is there should be reported before the next run."""
        return self._used >= FULL_BYTES

    def clear(self) -> None:
        """Redis has them all."""
        if self._used:
            self._used = 0
            self._head[0] = 0

    def remove(self) -> None:
        """At an orderly end, when nothing is left in it."""
        self._head.release()
        self._map.close()
        self.path.unlink(missing_ok=True)


def read(path: Path) -> list[bytes]:
    """The entries that a dead executor left; a file that is not there has none."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    if len(data) < _FIRST:
        return []
    end = _FIRST + min(int.from_bytes(data[:_FIRST], "little"), len(data) - _FIRST)
    found, position = [], _FIRST
    while position + 4 <= end:
        (length,) = _LENGTH.unpack_from(data, position)
        position += 4
        if position + length > end:
            break
        found.append(data[position : position + length])
        position += length
    return found
