"""Finished output: many runs' blocks in one append-only file per executor."""

import errno
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from rtd.common.ids import to_words
from rtd.common.stdlib.originals import os, time
from rtd.executor.output.lost_output import explain_loss
from rtd.executor.output.scratch_file import ScratchFile
from rtd.model.output_files import Places, file_place, own_file_name, segment_name
from rtd.model.output_index import BLOCK_HEADER, BLOCK_MAGIC

#: Larger output becomes a file of its own, by rename.
OWN_FILE_BYTES: Final = 1 << 20
#: A larger segment is closed, and the next one begun.
SEGMENT_BYTES: Final = 8 << 20
#: After so long it is checked again that the files are still there: it takes a microsecond.
_CHECK_S: Final = 0.1


class Segments:
    """The files for the finished output of one executor.

    Attributes:
        lost_why: why the latest output that could not be stored was lost, for people.
    """

    def __init__(self, folder: Path, exec_id: str) -> None:
        self._folder = folder
        self._exec_id = exec_id
        self._number = 0
        self._fd = -1
        self._offset = 0
        self._file_place: tuple[int, int] | None = None
        self._name = ""
        self._checked_s = 0.0
        self.lost_why = ""

    def store_output(self, scratch: ScratchFile, run_id: str, attempt: int) -> list[Any] | None:
        """Move the output of a finished run out of its scratch file.

        Returns:
            `[file, offset, length, index_length, lost_bytes]` below the output directory;
            None for a run that wrote nothing. A full disk loses the output, not the run:
            the file is then `""` and `lost_bytes` says how much.
        """
        length = scratch.size()
        lost = scratch.lost_bytes
        if not length:
            if not lost:
                return None
            scratch.reset()
            return ["", 0, 0, 0, lost]
        if length > OWN_FILE_BYTES:
            name = own_file_name(run_id, attempt)
            index_length = scratch.index_bytes
            try:
                scratch.move_to(self._folder / name)
                return [name, 0, length, index_length, lost]
            except FileNotFoundError:  # another program has removed it
                self._checked_s = 0.0
            except OSError as error:  # as in `_append`
                self.lost_why = explain_loss(error)
                scratch.reset()
                return ["", 0, 0, 0, lost + length]
        is_removed = self._check_files(scratch)
        place = self._append(scratch, run_id, length)
        scratch.reset()
        if is_removed:
            with suppress(OSError):  # there is no directory yet: at the end of the next run
                scratch.replace()
        return [*place, lost] if place else ["", 0, 0, 0, lost + length]

    def _check_files(self, scratch: ScratchFile) -> bool:
        """Begin the next file if this one was removed, by another program or because it is old.

        Returns whether the scratch file was removed, too.
        """
        now_s = time.monotonic()
        if now_s - self._checked_s < _CHECK_S:
            return False
        with suppress(OSError):  # a task has closed one of them
            if self._fd >= 0:
                if os.fstat(self._fd).st_nlink:
                    self._checked_s = now_s
                    return False
                os.close(self._fd)
                self._fd = -1
            return scratch.is_removed()
        return False

    def _append(self, scratch: ScratchFile, run_id: str, length: int) -> list[Any] | None:
        index = scratch.index()
        high, low = to_words(run_id)
        run = high.to_bytes(8, "big") + low.to_bytes(8, "big")
        header = BLOCK_HEADER.pack(BLOCK_MAGIC, run, length, len(index))
        block = b"".join((header, os.pread(scratch.fd, length, 0), index))
        try:
            if self._fd < 0 or self._offset > SEGMENT_BYTES:
                self._open_next()
            written = os.write(self._fd, block)
            if written < len(block):
                os.ftruncate(self._fd, self._offset)
                self.lost_why = os.strerror(errno.ENOSPC)
                return None
        except OSError as error:  # a full disk, no descriptor; or a task has lost the way to it
            self.lost_why = explain_loss(error)
            return None
        place = [self._name, self._offset + len(header), length, len(index)]
        self._offset += written
        return place

    def own_fds(self) -> Places:
        """Return the descriptors that no task may close, with their files."""
        return {} if self._fd < 0 else {self._fd: self._file_place}

    def forget_file(self) -> None:
        """Begin the next file: a task has closed this one, and its number may be its own file."""
        self._fd = -1

    def _open_next(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1
        self._number += 1
        name = segment_name(self._exec_id, self._number)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._fd = os.open(self._folder / name, flags, 0o600)
        self._file_place = file_place(self._fd)
        self._name = name
        self._offset = 0
