"""Turns the bytes of a connection into messages. Every `rtctl` imports this: it stays cheap."""

from __future__ import annotations

from msgpack import ExtType, FormatError, OutOfData, StackError, Unpacker

from rtd.common.errors import FrameTooLarge
from rtd.protocol.frames import LARGE_BYTES, LIMIT_BYTES, Request, WireError, load, parse_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from rtd.protocol.frames import Message

#: How many bytes are read before the size of a frame is checked.
_SLICE_BYTES = 64 << 10


class Decoder:
    """Turns bytes into messages.

    A frame is measured before it is built: at most the limit is kept of an incomplete frame, and
    no memory is reserved for a length that a header only claims.

    Args:
        limit_bytes: the largest frame that is accepted.
        ext_hook: makes a value of an extension type; by default `msgpack.ExtType`.
        read_later: returns the request of a large frame with its parameters still packed; by
            default they are unpacked at once.
        later_bytes: frames of more bytes are given to `read_later`.
    """

    def __init__(
        self,
        limit_bytes: int = LIMIT_BYTES,
        ext_hook: Callable[[int, bytes], Any] = ExtType,
        read_later: Callable[[bytes | bytearray], Message] | None = None,
        later_bytes: int = _SLICE_BYTES,
    ) -> None:
        self._limit = limit_bytes
        self._hook = ext_hook
        self._read_later = read_later
        self._later_bytes = later_bytes
        self.clear()

    def clear(self) -> None:
        """Forget what has come; the next byte begins a frame."""
        # By default it would reserve 1 MB at once.
        self._scanner = Unpacker(read_size=_SLICE_BYTES, max_buffer_size=self._limit + _SLICE_BYTES)
        self._bytes = bytearray()
        self._start = 0  # offset in the stream of the first byte in _bytes

    @property
    def pending_bytes(self) -> int:
        """How many bytes of an incomplete frame are kept."""
        return len(self._bytes)

    def feed(self, data: bytes | memoryview) -> Iterator[Message]:
        """Yield the messages that these bytes complete. Read the iterator to its end.

        Raises:
            FrameTooLarge: the next frame is beyond the limit.
            WireError: the bytes are no frame. After either error the stream is of no use.
        """
        for offset in range(0, len(data), _SLICE_BYTES):
            piece = data[offset : offset + _SLICE_BYTES]
            self._bytes += piece
            self._scanner.feed(piece)
            yield from self._complete()
            if len(self._bytes) > self._limit:
                raise FrameTooLarge(
                    f"a frame of more than {self._limit} bytes; the limit is there to protect "
                    "the daemon: send less at once, or pass large data by file"
                )

    def _complete(self) -> Iterator[Message]:
        while self._bytes:
            scanner = self._scanner
            try:
                scanner.skip()
            except OutOfData:
                return
            except (FormatError, StackError, ValueError) as error:
                raise WireError(f"malformed frame: {str(error) or type(error).__name__}") from None
            length = scanner.tell() - self._start
            if length > LARGE_BYTES or length > self._limit:
                yield self._read_large(length)
                continue
            frame = bytes(memoryview(self._bytes)[:length])
            del self._bytes[:length]
            self._start += length
            yield parse_frame(load(frame, self._hook))

    def _read_large(self, length: int) -> Message:
        if length > self._limit:
            raise FrameTooLarge(f"a frame of {length} bytes; the limit is {self._limit}")
        frame = self._bytes  # megabytes, perhaps: not copied
        rest = frame[length:]
        del frame[length:]
        self.clear()  # the scanner, too, has room for as much
        self._bytes += rest
        self._scanner.feed(rest)
        if length > self._later_bytes and self._read_later is not None:
            return self._read_later(frame)
        message = parse_frame(load(frame, self._hook))
        if isinstance(message, Request):
            message.large_bytes = length
        return message
