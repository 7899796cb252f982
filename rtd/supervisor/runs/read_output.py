"""Reads the output of runs: from segments and files after their end, live before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from rtd.model import output_files
from rtd.model.output_index import RAW, STREAM_NAMES, OutputPiece, iter_entries, iter_pieces

#: The size of the parts that output is read in.
PART_BYTES: Final = 64 << 10


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
        """Return the output of an ended attempt, from its record; None: nothing is kept."""
        name, offset, length, index_length, _ = output
        if not name or not length:
            return None
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

    def indexed_bytes(self) -> int:
        """Return up to where the index names the stream; raw bytes follow."""
        return max((entry.end for entry in iter_entries(self._read_index())), default=0)

    def parts(self, start: int = 0, end: int | None = None) -> Iterator[OutputPart]:
        """Yield the output in [start, end) in order, without parts that were deleted."""
        stop = self.length if end is None else min(end, self.length)
        if start >= stop:
            return
        try:
            with self.data.open("rb") as file:
                for piece in iter_pieces(iter_entries(self._read_index()), self.length):
                    yield from self._cut(file, piece, start, stop)
        except FileNotFoundError:
            return

    def _cut(
        self, file: BinaryIO, piece: OutputPiece, start: int, stop: int
    ) -> Iterator[OutputPart]:
        position, end = max(piece.start, start), min(piece.end, stop)
        while position < end:
            file.seek(self.offset + position)
            data = file.read(min(PART_BYTES, end - position))
            if not data:
                return
            # An index torn by a crash may name any stream: its bytes are still output.
            yield OutputPart(
                STREAM_NAMES.get(piece.stream, STREAM_NAMES[RAW]), piece.at, position, data
            )
            position += len(data)

    def start_of_last_lines(self, count: int) -> int:
        """Return where the last `count` lines begin."""
        if count <= 0:
            return self.length
        try:
            with self.data.open("rb") as file:
                return self._search_back(file, count)
        except FileNotFoundError:
            return 0

    def _search_back(self, file: BinaryIO, count: int) -> int:
        position, found = self.length, 0
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

    def _read_index(self) -> bytes:
        if not self.index_length:
            return b""
        try:
            with self.index.open("rb") as file:
                file.seek(self.index_offset)
                return file.read(self.index_length)
        except FileNotFoundError:
            return b""
