"""The append-only file that a run's output goes to while it runs, and its index.

The scratch file belongs to one slot and is emptied after each run, so its start is the
run's start. It is opened with O_APPEND: a shell's `> /dev/stdout` truncates at most the
run's own output, and a truncated file has no holes.
"""

import errno
import os
import time
from pathlib import Path
from typing import Final

from rtd.model.output_files import own_file_index_path, scratch_index_path
from rtd.model.output_index import RAW, pack_entry

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class ScratchFile:
    """One slot's live output.

    Attributes:
        fd: the file; a serial lane makes it fds 1 and 2.
        moves: how often `fd` was replaced, maybe by one of the same number.
        lost_bytes: bytes that were not written since the last `reset` (disk full, limit).
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self.path = path
        self.index_path = scratch_index_path(path)
        self.fd = os.open(path, _FLAGS, 0o600)
        self._index_fd = -1  # made by the first entry
        self._limit_bytes = limit_bytes
        self._index_bytes = 0
        self._end = 0
        self._entry_end = 0
        self.moves = 0
        self.lost_bytes = 0
        self.lost_why = ""

    def write(self, data: bytes, stream: int) -> None:
        """Append output of one stream. Never raises for a full disk: the run goes on, and the
        loss is counted."""
        room = self._limit_bytes - self._end
        if room < len(data):
            self.lost_bytes += len(data) - max(room, 0)
            self.lost_why = "over the limit of one run's output"
            data = data[: max(room, 0)]
        if not data:
            return
        written = self._append(data)
        if written:
            end = os.lseek(self.fd, 0, os.SEEK_CUR)
            self._write_index(end - written, end, stream)

    def _append(self, data: bytes) -> int:
        written = 0
        try:
            while written < len(data):
                written += os.write(self.fd, data[written:] if written else data)
        except OSError as error:
            if error.errno not in _NO_SPACE:
                raise
            self.lost_bytes += len(data) - written
            self.lost_why = os.strerror(error.errno or 0)
        return written

    def _write_index(self, start: int, end: int, stream: int) -> None:
        at = time.time()
        entry = pack_entry(at, end, stream)
        if start > self._entry_end:  # a subprocess wrote in between
            entry = pack_entry(at, start, RAW) + entry
        self._entry_end = self._end = end
        try:
            if self._index_fd < 0:
                self._index_fd = os.open(self.index_path, _FLAGS, 0o600)
            self._index_bytes += os.write(self._index_fd, entry)
        except OSError as error:
            if error.errno not in _NO_SPACE:
                raise

    def size(self) -> int:
        """Return the bytes written so far, by all processes."""
        return os.lseek(self.fd, 0, os.SEEK_END)

    @property
    def index_bytes(self) -> int:
        """The size of the index so far."""
        return self._index_bytes

    def index(self) -> bytes:
        """Return the index so far."""
        return os.pread(self._index_fd, self._index_bytes, 0) if self._index_bytes else b""

    def state(self) -> tuple[int, int, str]:
        """Return what a forked child knows of the output and its executor does not."""
        return self._index_bytes, self.lost_bytes, self.lost_why

    def adopt(self, state: tuple[int, int, str]) -> None:
        """Take over the `state` of a forked child that has written."""
        self._index_bytes, self.lost_bytes, self.lost_why = state
        if self._index_bytes and self._index_fd < 0:
            self._index_fd = os.open(self.index_path, _FLAGS, 0o600)

    def reset(self) -> None:
        """Empty, for the next run."""
        os.ftruncate(self.fd, 0)
        if self._index_bytes:
            os.ftruncate(self._index_fd, 0)
        self._index_bytes = self._end = self._entry_end = self.lost_bytes = 0
        self.lost_why = ""

    def move_to(self, path: Path) -> None:
        """Keep the output under another name and begin with new files. The caller then redirects
        fds 1 and 2 of a serial lane to the new `fd`."""
        self.moves += 1
        os.rename(self.path, path)
        os.close(self.fd)
        if self._index_fd >= 0:
            os.rename(self.index_path, own_file_index_path(path))
            os.close(self._index_fd)
            self._index_fd = -1
        self.fd = os.open(self.path, _FLAGS, 0o600)
        self._index_bytes = self._end = self._entry_end = self.lost_bytes = 0
        self.lost_why = ""

    def remove(self) -> None:
        """Close and delete."""
        os.close(self.fd)
        self.path.unlink(missing_ok=True)
        if self._index_fd >= 0:
            os.close(self._index_fd)
            self.index_path.unlink(missing_ok=True)
