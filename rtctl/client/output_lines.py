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
    """Turns parts into whole lines. Each stream has its own unfinished line.

    The pieces of a line are put together once, when its end has come: a line may be as long as
    the output.
    """

    def __init__(self) -> None:
        self._loose: dict[str, tuple[list[bytes], LogPart]] = {}

    def feed(self, part: LogPart) -> Iterator[Line]:
        """Yield the lines that this part completes, and unfinished lines of an earlier attempt."""
        for data, of in self.feed_whole(part):
            for line in data.removesuffix(b"\n").split(b"\n"):
                yield Line.from_part(line, of)

    def feed_whole(self, part: LogPart) -> Iterator[tuple[bytes, LogPart]]:
        """As `feed`, but yield whole lines together, with the part that completes them."""
        stream, data = part["stream"], part["data"]
        before = self._loose.get(stream)
        if before is not None and before[1]["attempt"] != part["attempt"]:
            yield from self.finish_whole()
            before = None
        pieces = before[0] if before is not None else []
        end = data.rfind(b"\n") + 1
        if end:
            pieces.append(data[:end])
            yield b"".join(pieces), part
            pieces = []
        if end < len(data):
            pieces.append(data[end:])
        if pieces:
            self._loose[stream] = (pieces, part)
        else:
            self._loose.pop(stream, None)

    def finish(self) -> Iterator[Line]:
        """Yield the unfinished lines."""
        for data, part in self.finish_whole():
            yield Line.from_part(data, part)

    def finish_whole(self) -> Iterator[tuple[bytes, LogPart]]:
        """As `finish`, but yield bytes, with the part that they ended with."""
        for pieces, part in self._loose.values():
            yield b"".join(pieces), part
        self._loose.clear()
