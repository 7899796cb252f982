"""The scratch file of a slot that shares its process with thousands of others.

Most runs there wait and write nothing, and a process may have so many descriptors. So the file is
opened at the first output of a run, and closed, emptied, once that output is stored: at the latest
when many slots of the executor have theirs open.
"""

from pathlib import Path
from typing import Final

from rtd.common.stdlib.originals import os
from rtd.executor.output.scratch_file import ScratchFile
from rtd.model.output_files import file_place
from rtd.process.fork.fork_guard import FORK_GUARD

__all__ = ["LazyScratchFile"]

#: So many of an executor stay open for the next runs, which are then as fast as in other lanes.
_MOST_IDLE: Final = 64
#: The daemon's log: no run has descriptor 2 where several share a process.
_LOG_FD: Final = 2


class LazyScratchFile(ScratchFile):
    """A scratch file that is open only where it is used.

    Args:
        opened: those of the executor that are open; all of them share this set.
    """

    def __init__(self, path: Path, limit_bytes: int, opened: set["LazyScratchFile"]) -> None:
        self._opened = opened
        super().__init__(path, limit_bytes)

    def _begin(self) -> None:
        """Make no file: the first output of a run does."""
        self.fd = -1
        self._opened.discard(self)

    def _open_for_run(self) -> None:
        # What a program wrote that an earlier run has left behind is no output of this one.
        self._open(os.O_TRUNC)
        self._opened.add(self)

    def _append(self, data: bytes) -> int:
        if self.fd < 0:
            try:
                self._open_for_run()
            except OSError as error:
                self._lose(len(data), error)
                return 0
        return ScratchFile._append(self, data)  # per write: `super` costs more

    def raw_fd(self) -> int:
        """Return a descriptor for programs, and for writes past the streams. Raises OSError."""
        with self.lock:
            if self.fd < 0:
                if FORK_GUARD.is_child:  # there was no descriptor left at the fork
                    return _LOG_FD
                self._open_for_run()
            return super().raw_fd()

    def prepare_fork(self) -> None:
        """Open the file: a child writes to it by itself, and this process has to know of it."""
        if self.fd < 0:
            try:
                self._open_for_run()
            except OSError as error:
                self._lose(0, error)

    def _write_in_fork(self, data: bytes) -> None:
        if self.fd < 0:  # see `raw_fd`
            os.write(_LOG_FD, data)
        else:
            super()._write_in_fork(data)

    def reopen(self) -> None:
        """Open the files again, if they were open: a task has closed them."""
        if self.fd >= 0:
            super().reopen()
        self._raw_fd = -1

    def size(self) -> int:
        """Return the bytes written so far, by all processes."""
        return os.lseek(self.fd, 0, os.SEEK_END) if self.fd >= 0 else 0

    def reset(self) -> None:
        """Empty, for the next run, and close it where many are open."""
        if self.fd >= 0:
            ScratchFile.reset(self)
            if len(self._opened) > _MOST_IDLE:
                self.release()
        else:
            self._forget_run()

    def release(self) -> None:
        """Close the empty files where many are open. A descriptor for programs stays: code that a
        run has left behind may still use its number."""
        if len(self._opened) <= _MOST_IDLE:
            return
        self._opened.discard(self)
        fds = ((self.fd, self.place), (self._index_fd, self._index_place))
        self.fd = self._index_fd = -1  # first: another thread may compare them meanwhile
        self._close(*(fd for fd, place in fds if file_place(fd) == place))

    def replace(self) -> None:
        """Begin with new files instead of removed ones, at the next output."""
        before, self.fd = self.fd, -1
        self._close(before)
        super().replace()
