"""The append-only file that a run's output goes to while it runs, and its index.

The scratch file belongs to one slot and is emptied after each run, so its start is the
run's start. It is opened with O_APPEND: a shell's `> /dev/stdout` truncates at most the
run's own output, and a truncated file has no holes. Programs that a run starts, and children that
it forks, write through descriptors of their own: their writes do not move the position by which
the index knows where the text of this process ends.
"""

import errno
from _thread import RLock
from contextlib import suppress
from pathlib import Path
from typing import Final

from rtd.common.stdlib.originals import os, time
from rtd.executor.output.lost_output import explain_loss, loses_output
from rtd.model.output_files import Places, file_place, own_file_index_path, scratch_index_path
from rtd.model.output_index import RAW, pack_entry
from rtd.process.fork.fork_guard import FORK_GUARD

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class ScratchFile:
    """One slot's live output.

    Attributes:
        fd: the file, for this process alone.
        place: of the file.
        lock: held while bytes and their index are written, or moved to where they are kept.
        moves: how often `fd` was replaced, maybe by one of the same number.
        lost_bytes: bytes that were not written since the last `reset` (disk full, limit).
        lost_why: the reason, for people.
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self.path = path
        self.index_path = scratch_index_path(path)
        self.lock = RLock()  # a signal handler may write, too
        self.fd = self._raw_fd = self._index_fd = -1  # the first entry makes the index
        self.place: tuple[int, int] | None = None
        self._index_place: tuple[int, int] | None = None
        self._fork_pid = 0
        self._limit_bytes = limit_bytes
        self._index_bytes = 0
        self._end = 0
        self._entry_end = 0
        self.moves = 0
        self.lost_bytes = 0
        self.lost_why = ""
        self._begin()

    def _begin(self) -> None:
        """Make the file of the runs to come."""
        self._open()

    def _open(self, more_flags: int = 0) -> None:
        fd = os.open(self.path, _FLAGS | more_flags, 0o600)
        self.place = file_place(fd)  # first: another thread may compare the two meanwhile
        self.fd = fd

    def _open_index(self) -> None:
        fd = os.open(self.index_path, _FLAGS, 0o600)
        self._index_place = file_place(fd)
        self._index_fd = fd

    def write(self, data: bytes, stream: int) -> None:
        """Append output of one stream; for the holder of `lock`. A full disk, or the want of a
        descriptor, raises nothing: the run goes on, and the loss is counted."""
        if FORK_GUARD.is_child:
            self._write_in_fork(data)
            return
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
                try:
                    written += os.write(self.fd, data[written:] if written else data)
                except OSError as error:
                    if error.errno != errno.EBADF:
                        raise
                    self.reopen()  # the task has closed it
        except OSError as error:
            self._lose(len(data) - written, error)
        return written

    def _lose(self, count: int, error: OSError) -> None:
        if not loses_output(error):
            raise error
        self.lost_bytes += count
        self.lost_why = explain_loss(error)

    def _write_in_fork(self, data: bytes) -> None:
        """Append output in a child that the task forked: as a program does, without an index."""
        if self._fork_pid != os.getpid():
            self._fork_pid = os.getpid()
            self._raw_fd = self.fd  # shared with the parent, for a child that has no other left
            with suppress(OSError):
                self._raw_fd = self._open_raw()
        if os.lseek(self._raw_fd, 0, os.SEEK_END) + len(data) <= self._limit_bytes:
            os.write(self._raw_fd, data)

    def _write_index(self, start: int, end: int, stream: int) -> None:
        at = time.time()
        entry = pack_entry(at, end, stream)
        if start > self._entry_end:  # a subprocess wrote in between
            entry = pack_entry(at, start, RAW) + entry
        self._entry_end = self._end = end
        try:
            if self._index_fd < 0:
                self._open_index()
            self._index_bytes += os.write(self._index_fd, entry)
        except OSError as error:
            if not loses_output(error):
                raise

    def raw_fd(self) -> int:
        """Return a descriptor for programs, and for writes past the streams."""
        if self._raw_fd < 0 or file_place(self._raw_fd) != self.place:
            self._raw_fd = self._open_raw()
        return self._raw_fd

    def _open_raw(self) -> int:
        # The file may have another name by now.
        with suppress(OSError):
            return os.open(f"/proc/self/fd/{self.fd}", os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        return os.dup(self.fd)  # the task has changed its root directory

    def redirect_stdio(self) -> None:
        """Make the file fds 1 and 2 of this process."""
        raw = self._open_raw()
        for fd in (1, 2):
            if raw != fd:
                os.dup2(raw, fd)
            else:
                os.set_inheritable(fd, True)
        if raw > 2:
            os.close(raw)

    def prepare_fork(self) -> None:
        """Make ready what a child has to inherit that a task is about to fork."""

    def own_fds(self) -> Places:
        """Return the descriptors that no task may close, with their files."""
        found: Places = {self.fd: self.place, self._index_fd: self._index_place}
        found.pop(-1, None)
        return found

    def reopen(self) -> None:
        """Open the files again: a task has closed them, and their numbers may be its own files."""
        self._open()
        if self._index_fd >= 0:
            self._open_index()
        self._raw_fd = -1

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
            self._open_index()

    def reset_in_fork(self) -> None:
        """Forget a lock that another thread held, in a child that a task forked."""
        self.lock = RLock()

    def reset(self) -> None:
        """Empty, for the next run."""
        os.ftruncate(self.fd, 0)
        if self._index_bytes:
            os.ftruncate(self._index_fd, 0)
        self._forget_run()

    def _forget_run(self) -> None:
        self._index_bytes = self._end = self._entry_end = self.lost_bytes = 0
        self.lost_why = ""

    def move_to(self, path: Path) -> None:
        """Keep the output under another name and begin with new files. The caller then calls
        `redirect_stdio` again in a serial lane."""
        self.moves += 1
        os.rename(self.path, path)
        if self._index_fd >= 0:
            os.rename(self.index_path, own_file_index_path(path))
        self._close(self.fd, self._raw_fd, self._index_fd)
        self.fd = self._raw_fd = self._index_fd = -1
        self._begin()
        self._forget_run()

    @staticmethod
    def _close(*fds: int) -> None:
        for fd in fds:
            if fd >= 0:
                os.close(fd)

    def is_removed(self) -> bool:
        """Return whether the file has no name any more."""
        return os.fstat(self.fd).st_nlink == 0

    def replace(self) -> None:
        """Begin with new files instead of removed ones. The caller then calls `redirect_stdio`
        again in a serial lane.

        Raises:
            OSError: they cannot be made; the old ones stay.
        """
        before = self.fd
        self._begin()
        self._close(before, self._raw_fd, self._index_fd)
        self._raw_fd = self._index_fd = -1
        self.moves += 1

    def remove(self) -> None:
        """Close and delete, as far as this process still may."""
        index = self._index_fd, self._index_place, self.index_path
        for fd, place, path in ((self.fd, self.place, self.path), index):
            with suppress(OSError):  # a task has closed it
                self._close(fd)
            if place is not None:  # it was made
                with suppress(OSError):  # a task has given up the right, or the way, to it
                    path.unlink(missing_ok=True)
