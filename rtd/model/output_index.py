"""The index of a run's output: which stream wrote up to where, and when.

16-byte little-endian entries: the wall time (f64 epoch seconds), then the end offset
(u32) and the stream (u32). The bytes between two entries' ends belong to the later one;
bytes after the last entry were written raw, by a subprocess (`RAW`).
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

OUT: Final = 1
ERR: Final = 2
RAW: Final = 0
STREAM_NAMES: Final = {OUT: "out", ERR: "err", RAW: "raw"}

_ENTRY: Final = struct.Struct("<dII")
ENTRY_SIZE: Final = _ENTRY.size

#: A block in a segment file: magic, run (16 bytes), length, index length.
BLOCK_HEADER: Final = struct.Struct("<4s16sII")
BLOCK_MAGIC: Final = b"rtd1"


class IndexEntry(NamedTuple):
    """Up to `end` (bytes from the start of the run's output), written at `at` by `stream`."""

    at: float
    end: int
    stream: int


def pack_entry(at: float, end: int, stream: int) -> bytes:
    """Return the stored form of an entry."""
    return _ENTRY.pack(at, end, stream)


def iter_entries(blob: bytes) -> Iterator[IndexEntry]:
    """Yield the entries of an index; a torn last entry is left out."""
    whole = len(blob) - len(blob) % ENTRY_SIZE
    for fields in _ENTRY.iter_unpack(blob[:whole]):
        yield IndexEntry(*fields)


class OutputPiece(NamedTuple):
    """A stretch of output of one stream."""

    at: float | None
    stream: int
    start: int
    end: int


def iter_pieces(
    entries: Iterable[tuple[float, int, int]], length: int, start: int = 0
) -> Iterator[OutputPiece]:
    """Yield the output in [start, length) as pieces in order.

    An entry has only the end of what Python wrote; a RAW entry before it has the start, if another
    process wrote in between (`rtd.executor.output`). Gaps are RAW with the time of the next entry.
    What one stream wrote within one millisecond is one piece: a program may write a million lines
    in a second.
    """
    position, piece_at, piece_stream, piece_ms = start, 0.0, -1, -1
    for at, entry_end, stream in entries:
        end = min(length, entry_end)
        if end <= position:
            continue
        ms = int(at * 1000)
        if stream != piece_stream or ms != piece_ms:
            if position > start:
                yield OutputPiece(piece_at, piece_stream, start, position)
            start, piece_stream, piece_ms = position, stream, ms
        position, piece_at = end, at
    if position > start:
        yield OutputPiece(piece_at, piece_stream, start, position)
    if position < length:
        yield OutputPiece(None, RAW, position, length)
