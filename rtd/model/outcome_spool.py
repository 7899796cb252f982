"""Finished runs that Redis does not know yet, kept where they survive their executor.

A file per executor, made when it is first needed. Entries lie one behind the other: a 4-byte
length, a 4-byte CRC-32, the blob; a length of 0 ends the list. The executor adds an entry
when a run ends and clears the spool when Redis has taken them; when it dies in between, the
supervisor writes the outcomes that it finds here, and a run that had finished does not run
twice.

Written with `pwrite`, not through a mapping: the first store to a page of a mapped file
costs the file system a millisecond, which an executor of one run would pay every time.
"""

import struct
from contextlib import suppress
from pathlib import Path
from typing import Final
from zlib import crc32

from rtd.common.stdlib.originals import os
from rtd.model.output_files import Places, file_place

_HEAD: Final = struct.Struct("<II")
_END: Final = bytes(4)
#: An executor reports what it has before the spool grows beyond this.
FULL_BYTES: Final = 1 << 20


class Spool:
    """The writer's side of a spool."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1
        self._file_place: tuple[int, int] | None = None
        self._used = 0

    def _open(self) -> None:
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file_place = file_place(self._fd)

    def add(self, blob: bytes) -> None:
        """Add an entry; it is safe when this returns. A full disk costs the run that safety."""
        entry = _HEAD.pack(len(blob), crc32(blob)) + blob
        try:
            if self._fd < 0:
                self._open()
            os.pwrite(self._fd, entry + _END, self._used)
        except OSError:
            return
        self._used += len(entry)

    def own_fds(self) -> Places:
        """Return the descriptors that no task may close, with their files."""
        return {} if self._fd < 0 else {self._fd: self._file_place}

    def forget_file(self) -> None:
        """Open the file again when it is needed: a task has closed it."""
        self._fd = -1

    @property
    def full(self) -> bool:
        """Whether the entries should be reported before the next run."""
        return self._used >= FULL_BYTES

    def clear(self) -> None:
        """Remove all entries: Redis has them, and refuses those that stay and are sent again."""
        if not self._used:
            return
        self._used = 0
        try:
            if self._fd < 0:
                self._open()
            os.pwrite(self._fd, _END, 0)
        except OSError:
            return

    def remove(self) -> None:
        """Delete the file, at an orderly end, when nothing is left in it."""
        if self._fd >= 0:
            with suppress(OSError):  # a task has closed it, or given up the right to it
                os.close(self._fd)
                self.path.unlink(missing_ok=True)
            self._fd = -1


def read_spool(path: Path) -> list[bytes]:
    """Return the entries that a dead executor left; a missing file has none."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    found, position = [], 0
    while position + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, position)
        position += _HEAD.size
        blob = data[position : position + length]
        if not length or len(blob) < length or crc32(blob) != checksum:
            break  # the end, or an entry whose writer died while it wrote
        found.append(blob)
        position += length
    return found
