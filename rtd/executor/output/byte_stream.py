"""The streams of bytes below a text stream: `sys.stdout.buffer` and its `raw`."""

import io
from collections.abc import Callable
from typing import Any

__all__ = ["ByteStream", "Sink"]

#: Takes bytes of a stream: whole lines, where the code writes lines.
Sink = Callable[[bytes], None]


class _RawStream(io.RawIOBase):
    """Bytes for the run that writes them."""

    mode = "wb"

    def __init__(self, name: str, sink: Sink, find_fileno: Callable[[], int]) -> None:
        super().__init__()
        self.name = name
        self._sink = sink
        self._find_fileno = find_fileno

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._find_fileno()

    def isatty(self) -> bool:
        return False

    def write(self, data: Any, /) -> int:
        if self.closed:
            raise ValueError("write to closed file")
        blob = memoryview(data).tobytes()
        self._sink(blob)
        return len(blob)


class ByteStream(io.BufferedWriter):
    """A buffer that holds nothing back, so that text and bytes come in the order of the writes."""

    def __init__(self, name: str, sink: Sink, find_fileno: Callable[[], int]) -> None:
        super().__init__(_RawStream(name, sink, find_fileno))

    def write(self, data: Any, /) -> int:
        if self.closed:
            raise ValueError("write to closed file")
        return self.raw.write(data) or 0
