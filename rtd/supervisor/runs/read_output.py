"""Reads the output of runs: from segments and files after their end, live before."""

import errno
import os
import stat
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from rtd.common.errors import StoreError
from rtd.common.text_of import show_value
from rtd.model import output_files
from rtd.model.output_index import (
    ENTRY_SIZE,
    RAW,
    STREAM_NAMES,
    IndexEntry,
    OutputPiece,
    iter_entries,
    iter_pieces,
)

#: The size of the parts that output is read in.
PART_BYTES: Final = 64 << 10
#: How much of the output, and of its index, is read in one step: milliseconds of work.
STEP_BYTES: Final = 1 << 20
STEP_ENTRIES: Final = 8192


@dataclass(frozen=True, slots=True)
class OutputPart:
    """A piece of output of one stream; `start` counts from the beginning of the run's output."""

    stream: str
    at: float | None
    start: int
    data: bytes


@dataclass(frozen=True, slots=True)
class OutputSource:
    """The place of the output of one attempt.

    Attributes:
        data: the file, `offset` where the output begins in it, `length` its bytes.
        index: the index's file, `index_offset` where it begins, `index_length` its bytes.
    """

    data: Path
    offset: int
    length: int
    index: Path
    index_offset: int
    index_length: int

    @classmethod
    def from_record(cls, folder: Path, output: Sequence[Any]) -> "OutputSource | None":
        """Return the output of an ended attempt, from its record; None: nothing is kept.

        Raises:
            StoreError: the record names another file, or no place in one: rtd has not written it.
        """
        given: list[Any] = [*output, None, None, None, None]
        name, offset, length, index_length = given[:4]
        if not name or not length:
            return None
        sizes = (offset, length, index_length)
        if not output_files.is_stored_name(name) or not all(map(_is_size, sizes)):
            raise StoreError(f"the record names {show_value(name)} as output, which rtd never does")
        data = folder / name
        if output_files.is_own_file(data):
            return cls(data, 0, length, output_files.own_file_index_path(data), 0, index_length)
        return cls(data, offset, length, data, offset + length, index_length)

    @classmethod
    def live(cls, folder: Path, exec_id: str, index: int) -> "OutputSource | None":
        """Return the output of a running run, as much as there is now; None: no file yet."""
        data = output_files.scratch_path(folder, exec_id, index)
        marks = output_files.scratch_index_path(data)
        try:
            marks_length = marks.stat().st_size
        except FileNotFoundError:
            marks_length = 0  # the first entry makes it: until then all output is of subprocesses
        try:
            # The index is measured first: the data that it describes has been written by now.
            length = data.stat().st_size
        except FileNotFoundError:
            return None
        return cls(data, 0, length, marks, 0, marks_length)

    def is_there(self) -> bool:
        """Return whether the output has not been deleted."""
        try:
            open_output(self.data).close()
        except FileNotFoundError:
            return False
        return True

    def indexed_bytes(self) -> int:
        """Return up to where the index names the stream; raw bytes follow."""
        count = self.index_length // ENTRY_SIZE
        entries = self.read_entries((count - 1) * ENTRY_SIZE, 1) if count else []
        return entries[0].end if entries else 0

    def read_entries(self, offset: int, count: int) -> list[IndexEntry]:
        """Return at most so many entries of the index from an offset on; none: it is gone."""
        size = min(count * ENTRY_SIZE, self.index_length - offset)
        if size <= 0:
            return []
        try:
            with open_output(self.index) as file:
                file.seek(self.index_offset + offset)
                return list(iter_entries(file.read(size)))
        except FileNotFoundError:
            return []

    def parts(self, start: int = 0, end: int | None = None) -> Iterator[OutputPart]:
        """Yield the output in [start, end) in order, without parts that were deleted."""
        reader = OutputReader(self, start)
        while found := reader.read(self.length if end is None else end):
            yield from found

    def start_of_last_lines(self, count: int) -> int:
        """Return where the last `count` lines begin."""
        if count <= 0:
            return self.length
        try:
            with open_output(self.data) as file:
                return self._search_back(file, count)
        except FileNotFoundError:
            return 0

    def _search_back(self, file: BinaryIO, count: int) -> int:
        size = os.fstat(file.fileno()).st_size  # of a record's file, it may be less than it says
        position, found = min(self.length, max(size - self.offset, 0)), 0
        while position > 0:
            step = min(PART_BYTES, position)
            position -= step
            file.seek(self.offset + position)
            block = file.read(step)
            at = len(block)
            while (at := block.rfind(b"\n", 0, at)) >= 0:
                if position + at + 1 < self.length:  # the very last line break ends a line
                    found += 1
                if found == count:
                    return position + at + 1
        return 0


def open_output(path: Path) -> BinaryIO:
    """Open a file of the output directory, relative to that directory.

    Raises:
        FileNotFoundError: there is none, or it is a link or no plain file.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(path.name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise FileNotFoundError(error.errno, "no plain file", str(path)) from None
        raise
    finally:
        os.close(folder)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return open(fd, "rb")
    os.close(fd)
    raise FileNotFoundError(errno.ENOENT, "no plain file", str(path))


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 62


class OutputReader:
    """Reads output step by step: each byte, and each entry of the index, once.

    Args:
        source: the output; of a running run that of a later look may replace it.
        position: where to begin.
    """

    def __init__(self, source: OutputSource, position: int = 0) -> None:
        self.source = source
        self.position = position
        self._index_at = self._find_entry(position) if position else 0

    def _find_entry(self, position: int) -> int:
        """Return the offset in the index of the first entry that ends behind a position."""
        low, high = 0, self.source.index_length // ENTRY_SIZE
        while low < high:
            middle = (low + high) // 2
            entries = self.source.read_entries(middle * ENTRY_SIZE, 1)
            if entries and entries[0].end <= position:
                low = middle + 1
            else:
                high = middle
        return low * ENTRY_SIZE

    def read(self, end: int) -> list[OutputPart]:
        """Return the next parts up to `end`, at most a step of them; none: there is no more."""
        source, start = self.source, self.position
        stop = min(end, source.length, start + STEP_BYTES)
        if start >= stop:
            return []
        entries = source.read_entries(self._index_at, STEP_ENTRIES)
        while len(entries) == STEP_ENTRIES and entries[-1].end <= start:
            self._index_at += STEP_ENTRIES * ENTRY_SIZE
            entries = source.read_entries(self._index_at, STEP_ENTRIES)
        if len(entries) == STEP_ENTRIES:
            stop = min(stop, entries[-1].end)  # what follows is in the entries that follow
        data = self._read_data(start, stop)
        self.position = start + len(data)
        behind = bisect_right(entries, self.position, key=_end_of)
        self._index_at += behind * ENTRY_SIZE
        return list(_cut(iter_pieces(entries, self.position, start), start, data))

    def _read_data(self, start: int, stop: int) -> bytes:
        try:
            with open_output(self.source.data) as file:
                file.seek(self.source.offset + start)
                return file.read(stop - start)
        except FileNotFoundError:
            return b""


def _end_of(entry: IndexEntry) -> int:
    return entry.end


def _cut(pieces: Iterable[OutputPiece], begin: int, data: bytes) -> Iterator[OutputPart]:
    """Yield the parts of `data`, which begins at `begin`."""
    for piece in pieces:
        for start in range(piece.start, piece.end, PART_BYTES):
            block = data[start - begin : min(start + PART_BYTES, piece.end) - begin]
            # An index torn by a crash may name any stream: its bytes are still output.
            stream = STREAM_NAMES.get(piece.stream, STREAM_NAMES[RAW])
            yield OutputPart(stream, piece.at, start, block)
