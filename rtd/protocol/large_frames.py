"""Large frames of clients: how many values they hold, counted before any is made.

A byte of a frame may be a whole value, such as an empty list, of which the daemon makes an object
of 56 bytes. A frame of 16 MB would then hold up all clients for seconds.
"""

import gc
import re
from collections.abc import Callable
from typing import Any, Final

from rtd.common.errors import FrameTooLarge
from rtd.protocol.frames import load

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
#: By the first byte: how many bytes the length has, and how many stand behind it beside the data.
_LENGTHS: Final = {
    0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1),
    0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0),
}  # fmt: skip


def check_values(frame: bytes) -> None:
    """Check that a whole frame does not hold too many values. Raises FrameTooLarge."""
    count = position = 0
    while position < len(frame):
        start, position = position, len(frame)
        for match in _VALUE.finditer(frame, start):
            kind = match.lastindex
            if kind is None:
                count += 1
            elif kind in _SIZES:
                count += (match.end() - match.start()) // _SIZES[kind]
            else:
                position = _end_of(frame, match.start())
                count += _LONG
                break
            if count > MAX_VALUES:
                break
        if count > MAX_VALUES:
            raise FrameTooLarge(
                f"a frame of more than {MAX_VALUES:,} values; the limit is there to protect the"
                " daemon: send less at once, or pass large data by file or as bytes"
            )


def _end_of(frame: bytes, start: int) -> int:
    size, more = _LENGTHS[frame[start]]
    length = int.from_bytes(frame[start + 1 : start + 1 + size], "big")
    return start + 1 + size + more + length


def load_checked(frame: bytes, ext_hook: Callable[[int, bytes], Any]) -> Any:
    """Return the value of a frame with not too many values. Raises FrameTooLarge, WireError.

    The garbage collector waits: with many new lists it would go over all objects again and again.
    """
    check_values(frame)
    if not gc.isenabled():
        return load(frame, ext_hook)
    gc.disable()
    try:
        return load(frame, ext_hook)
    finally:
        gc.enable()
