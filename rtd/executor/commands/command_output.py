"""The part of a command's output that goes into its record, beside the log."""

from __future__ import annotations

from typing import Final

from rtd.model.output_index import ERR

#: Larger standard output is no result.
MAX_RESULT_BYTES: Final = 65_536
#: How much of the end of standard error an error shows.
_TAIL_BYTES: Final = 2_048


class OutputSample:
    """The beginning of standard output and the end of standard error.

    Args:
        limit_bytes: a result larger than this is not kept.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = min(limit_bytes, MAX_RESULT_BYTES)
        self._out = bytearray()
        self._err = bytearray()

    def add(self, data: bytes, stream: int) -> None:
        """Add a piece of output."""
        if stream == ERR:
            self._err += data
            del self._err[:-_TAIL_BYTES]
        elif len(self._out) <= self._limit_bytes:
            self._out += data

    def result(self) -> str | None:
        """Return the standard output; None when it is too large."""
        text = self._out.decode(errors="replace")
        return text if len(text.encode()) <= self._limit_bytes else None

    def tail(self) -> str:
        """Return the end of the standard error."""
        return self._err.decode(errors="replace").strip()
