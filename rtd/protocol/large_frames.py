"""Large frames of clients: they are unpacked in steps, and their values are counted before any is
made.

A byte of a frame may be a whole value, such as an empty list, of which the daemon makes an object
of 56 bytes. A frame of 16 MB would then hold up all clients for seconds.
"""

import contextlib
import gc
import re
from collections.abc import Iterator
from typing import Final

from msgpack import OutOfData, Unpacker

from rtd.common.errors import FrameTooLarge
from rtd.protocol.frames import Request, WireError, load, parse_frame

#: Values in one frame, those inside others included; a long text or byte string counts as three,
#: since it takes as long to find its end.
#: The list of numbers that fits into the default of `limits.params` is below it.
MAX_VALUES: Final = 120_000

_SHORT_TEXTS: Final = [re.escape(bytes([0xA0 + n])) + b".{%d}" % n for n in range(32)]
#: Values of MessagePack, without what is inside them: groups of some of the same size; one; the
#: first byte of one whose length stands behind it.
_VALUE: Final = re.compile(
    rb"([\x00-\x9f\xc0\xc2\xc3\xe0-\xff]{1,9999})"
    rb"|((?:[\xcb\xcf\xd3].{8}){1,9999})|((?:[\xca\xce\xd2\xdd\xdf].{4}){1,9999})"
    rb"|((?:[\xcd\xd1\xdc\xde]..){1,9999})|((?:[\xcc\xd0].){1,9999})|"
    + b"|".join(_SHORT_TEXTS)
    + rb"|\xd4..|\xd5.{3}|\xd6.{5}|\xd7.{9}|\xd8.{17}|([\xc4-\xc9\xd9-\xdb])",
    re.DOTALL,
)
#: By the group: the size of its values.
_SIZES: Final = {1: 1, 2: 9, 3: 5, 4: 3, 5: 2}
_LONG: Final = 3
#: Values, or groups of values, that are counted in one step of 1 to 2 ms.
STEP: Final = 3000
#: More than the start of a frame to the end of the name of any verb has.
_HEAD_BYTES: Final = 256
#: By the first byte: how many bytes the length has, and how many stand behind it beside the data.
_LENGTHS: Final = {
    0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1),
    0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0),
}  # fmt: skip


def count_values(frame: bytes | bytearray) -> Iterator[None]:
    """Check in short steps that a whole frame does not hold too many values.

    Raises FrameTooLarge.
    """
    count = position = steps = 0
    while position < len(frame):
        match = _VALUE.match(frame, position)
        assert match is not None  # the decoder has found the end of the frame
        kind, position = match.lastindex, match.end()
        if kind is None:
            count += 1
        elif kind in _SIZES:
            count += (position - match.start()) // _SIZES[kind]
        else:
            count += _LONG
            position = _end_of(frame, match.start())
        if count > MAX_VALUES:
            raise FrameTooLarge(
                f"a frame of more than {MAX_VALUES:,} values; the limit is there to protect the"
                " daemon: send less at once, or pass large data by file or as bytes"
            )
        steps += 1
        if steps % STEP == 0:
            yield


def _end_of(frame: bytes | bytearray, start: int) -> int:
    size, more = _LENGTHS[frame[start]]
    length = int.from_bytes(frame[start + 1 : start + 1 + size], "big")
    return start + 1 + size + more + length


def read_head(frame: bytes | bytearray) -> Request:
    """Return the request of a whole frame with its parameters still packed.

    Raises:
        WireError: it is no request.
    """
    head = Unpacker(read_size=_HEAD_BYTES)
    head.feed(memoryview(frame)[:_HEAD_BYTES])
    try:
        count, start = head.read_array_header(), [head.unpack() for _ in range(3)]
    except (ValueError, OutOfData):
        count, start = 0, []
    match start:
        case [0, int(msgid), str(method)] if count == 4 and type(start[0]) is int:
            request = Request(msgid, method, {})
            request.large_bytes, request.packed = len(frame), frame
            return request
    raise WireError("malformed frame: a large one that is no request")


def unpack_request(request: Request) -> Iterator[None]:
    """Unpack the parameters of a request of `read_head`, in short steps and a last one of some
    milliseconds.

    The garbage collector waits meanwhile: with many new lists it would go over all objects again
    and again.

    Raises:
        FrameTooLarge: there are too many values.
        WireError: it is malformed.
    """
    frame = request.packed
    assert frame is not None
    if len(frame) > MAX_VALUES:
        yield from count_values(frame)
    request.packed = None
    with _no_collection():
        message = parse_frame(load(frame))
    if not isinstance(message, Request):
        raise WireError("malformed frame: a client sends requests only")
    request.params = message.params


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
