"""Output as lines of text, from parts that end anywhere."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtctl.generated.shapes import LogPart


class Line(str):
    """A line of a run's output without its end.

    Attributes:
        stream: `out`, `err`, or `raw` where a subprocess wrote straight to the file.
        at: when its end was written, epoch seconds; None where nobody knows.
        attempt: which try wrote it.
    """

    __slots__ = ("at", "attempt", "stream")
    stream: str
    at: float | None
    attempt: int

    @classmethod
    def from_part(cls, data: bytes, part: LogPart) -> Line:
        """The line whose end came with this part. Bytes that are no UTF-8 show as U+FFFD."""
        line = cls(data.rstrip(b"\r\n").decode(errors="replace"))
        line.stream, line.at, line.attempt = part["stream"], part["at"], part["attempt"]
        return line


class LineAssembler:
    """Takes parts as they come, gives whole lines; each stream has its own loose end."""

    def __init__(self) -> None:
        self._loose: dict[str, tuple[bytes, LogPart]] = {}

    def feed(self, part: LogPart) -> Iterator[Line]:
        """The lines that this part completes, and loose ends of an attempt before it."""
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
        """What is left without an end of line."""
        for data, part in self._loose.values():
            yield Line.from_part(data, part)
        self._loose.clear()
