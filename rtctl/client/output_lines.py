"""Lines of text, made from parts of output that end anywhere."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtctl.generated.shapes import LogPart


class Line(str):
    """A line of a run's output without its end.

    Attributes:
        stream: `out`, `err`, or `raw` where a subprocess wrote straight to the file.
        at: when the end of the line was written, epoch seconds; None: unknown.
        attempt: which try wrote it.
    """

    __slots__ = ("at", "attempt", "stream")
    stream: str
    at: float | None
    attempt: int

    @classmethod
    def from_part(cls, data: bytes, part: LogPart) -> Line:
        """Return the line whose end came with this part. Bytes that are not UTF-8 become U+FFFD."""
        line = cls(data.rstrip(b"\r\n").decode(errors="replace"))
        line.stream, line.at, line.attempt = part["stream"], part["at"], part["attempt"]
        return line


class LineAssembler:
    """Turns parts into whole lines. Each stream has its own unfinished line."""

    def __init__(self) -> None:
        self._loose: dict[str, tuple[bytes, LogPart]] = {}

    def feed(self, part: LogPart) -> Iterator[Line]:
        """Yield the lines that this part completes, and unfinished lines of an earlier attempt."""
        before = self._loose.get(part["stream"])
        if before is not None and before[1]["attempt"] != part["attempt"]:
            yield from self.finish()
            before = None
        data = (before[0] if before else b"") + part["data"]
        *whole, rest = data.split(b"\n")
        for line in whole:
            yield Line.from_part(line, part)
        if rest:
            self._loose[part["stream"]] = (rest, part)
        else:
            self._loose.pop(part["stream"], None)

    def finish(self) -> Iterator[Line]:
        """Yield the unfinished lines."""
        for data, part in self._loose.values():
            yield Line.from_part(data, part)
        self._loose.clear()
