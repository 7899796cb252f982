"""MessagePack with the types a task's parameters and results may have. Nothing is pickled.

Beyond MessagePack's own types: datetime, date, time, timedelta, UUID, Decimal, Path, set,
frozenset, tuple, bytearray, and integers beyond 64 bits. Of a subclass of a type it stores the
plain value. `pack` refuses anything else, with the path of the offending value.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path, PosixPath
from typing import Any, Final
from uuid import UUID

import msgpack

from rtd.common.errors import UnserialisableError
from rtd.common.nesting_depth import MAX_BOXES, MAX_DEPTH, examine, may_hold_views
from rtd.common.plain_values import BYTEARRAY, has_own_hash, to_base, to_plain
from rtd.common.unstorable_values import TOO_BOXED, TOO_DEEP, UnstorableValue, find_unstorable
from rtd.common.zoned_times import is_plain, pack_zoned, read_zoned

_DATETIME, _DATE, _TIME, _TIMEDELTA, _UUID, _DECIMAL, _PATH = range(1, 8)
_SET, _FROZENSET, _TUPLE, _INT = range(8, 12)
_ZONED_DATETIME, _ZONED_TIME = range(12, 14)

_Extension = msgpack.ExtType


def _delta(value: timedelta) -> bytes:
    return _packer([value.days, value.seconds, value.microseconds])


def _datetime(value: datetime) -> Any:
    if is_plain(value):
        return _Extension(_DATETIME, value.isoformat().encode())
    return _Extension(_ZONED_DATETIME, pack_zoned(value))


def _time(value: time) -> Any:
    if is_plain(value):
        return _Extension(_TIME, value.isoformat().encode())
    return _Extension(_ZONED_TIME, pack_zoned(value))


_ENCODERS: Final[dict[type, Callable[[Any], Any]]] = {
    datetime: _datetime,
    date: lambda v: _Extension(_DATE, v.isoformat().encode()),
    time: _time,
    timedelta: lambda v: _Extension(_TIMEDELTA, _delta(v)),
    UUID: lambda v: _Extension(_UUID, v.bytes),
    Decimal: lambda v: _Extension(_DECIMAL, str(v).encode()),
    PosixPath: lambda v: _Extension(_PATH, str(v).encode(errors="surrogateescape")),
    bytearray: lambda v: _Extension(BYTEARRAY, bytes(v)),
    int: lambda v: _Extension(_INT, str(v).encode()),
}
#: What msgpack packs itself; an int only up to 64 bits.
_NATIVE: Final = frozenset({float, str, bytes, dict, list})
_INT_LIMIT: Final = 1 << 63

_BOX_CODES: Final[dict[type, int]] = {set: _SET, frozenset: _FROZENSET, tuple: _TUPLE}
_BOX_MAKERS: Final[dict[int, Callable[[Any], Any]]] = {
    _SET: set, _FROZENSET: frozenset, _TUPLE: tuple,
}  # fmt: skip

_DECODERS: Final[dict[int, Callable[[bytes], Any]]] = {
    _DATETIME: lambda b: datetime.fromisoformat(b.decode()),
    _DATE: lambda b: date.fromisoformat(b.decode()),
    _TIME: lambda b: time.fromisoformat(b.decode()),
    _TIMEDELTA: lambda b: timedelta(*msgpack.unpackb(b)),
    _UUID: lambda b: UUID(bytes=b),
    _DECIMAL: lambda b: Decimal(b.decode()),
    _PATH: lambda b: Path(b.decode(errors="surrogateescape")),
    _INT: lambda b: int(b.decode()),
    _ZONED_DATETIME: lambda b: read_zoned(datetime, b),
    _ZONED_TIME: lambda b: read_zoned(time, b),
    BYTEARRAY: bytearray,
}


class _OwnHash(Exception):
    """A value's class has a hash of its own: as keys, two such values may become one."""


_UNPACKABLE: Final = (_OwnHash, TypeError, ValueError, OverflowError, RecursionError)


def _default(boxes: int) -> Callable[[Any], Any]:
    """Return the encoder of types that msgpack does not know, inside so many boxes."""

    def encode(value: Any) -> Any:
        kind = type(value)
        if kind in _BOX_CODES:
            return _boxed(_BOX_CODES[kind], value, boxes)
        found = _ENCODERS.get(kind)
        if found is not None:
            return found(value)
        if has_own_hash(kind):
            raise _OwnHash
        plain = to_base(value)
        if isinstance(plain, int) and -_INT_LIMIT <= plain < _INT_LIMIT:
            return plain
        return plain if type(plain) in _NATIVE else encode(plain)

    return encode


def _boxed(code: int, value: Any, boxes: int) -> Any:
    if boxes == MAX_BOXES:
        raise ValueError(TOO_BOXED)
    return _Extension(code, _packer(list(value), boxes + 1))


_DEFAULTS: Final = tuple(_default(boxes) for boxes in range(MAX_BOXES + 1))


def _packer(value: Any, boxes: int = 0) -> bytes:
    blob: bytes = msgpack.packb(
        value, default=_DEFAULTS[boxes], strict_types=True, unicode_errors="surrogateescape"
    )
    return blob


def _hook(boxes: int) -> Callable[[int, bytes], Any]:
    """Return the decoder of extension types, inside so many boxes."""

    def decode(code: int, data: bytes) -> Any:
        box = _BOX_MAKERS.get(code)
        if box is not None:
            if boxes == MAX_BOXES:
                raise ValueError(TOO_BOXED)
            return box(_unpack(data, _HOOKS[boxes + 1]))
        decoder = _DECODERS.get(code)
        return msgpack.ExtType(code, data) if decoder is None else decoder(data)

    return decode


_HOOKS: Final = tuple(_hook(boxes) for boxes in range(MAX_BOXES + 1))
#: Decodes an extension type into the value of a user.
ext_hook: Final = _HOOKS[0]


def pack(value: Any, where: str = "value") -> bytes:
    """Return a user's value as MessagePack.

    Args:
        value: what to store.
        where: how the value is called in an error, e.g. `params`.

    Raises:
        UnserialisableError: names the path of the first value that cannot be stored.
    """
    try:
        blob = _packer(value)
    except _UNPACKABLE as error:
        blob = _pack_otherwise(value, where, error)
    # Each level has one byte at least, so most values need no look.
    if len(blob) > MAX_DEPTH or may_hold_views(blob):
        blob = examined(value, blob, where)
    return blob


def pack_frame(value: Any, where: str) -> bytes:
    """As `pack`, but users' values may be `MAX_DEPTH` deep somewhere inside."""
    try:
        return _packer(value)
    except _UNPACKABLE as error:
        return _pack_otherwise(value, where, error)


def examined(value: Any, blob: bytes, where: str, *, in_frame: bool = False) -> bytes:
    """Return the value packed, after a look at what msgpack does not mind.

    Args:
        value: what was packed.
        blob: the value packed.
        where: how the value is called in an error.
        in_frame: the value may be deeper, since that of a user is inside.

    Raises:
        UnserialisableError: names the path of the first part that is too deep.
    """
    too_deep, holds_views = examine(value)
    if too_deep and not in_frame:
        path, found = find_unstorable(value, where, _try_pack) or (where, TOO_DEEP)
        raise _unserialisable(path, found)
    return _pack_carefully(value, where) if holds_views else blob


def _pack_otherwise(value: Any, where: str, error: Exception) -> bytes:
    if isinstance(error, _OwnHash):
        return _pack_carefully(value, where)
    raise _refusal(value, where, error) from None


def _pack_carefully(value: Any, where: str) -> bytes:
    # It goes through the value in Python, so it takes many times as long.
    try:
        return _packer(to_plain(value, where))
    except UnstorableValue as error:
        raise _unserialisable(error.path, error.fault) from None
    except _UNPACKABLE as error:
        raise _refusal(value, where, error) from None


def _refusal(value: Any, where: str, error: Exception) -> UnserialisableError:
    path, found = find_unstorable(value, where, _try_pack) or (where, str(error))
    return _unserialisable(path, found)


def _try_pack(value: Any) -> None:
    with suppress(_OwnHash):
        _packer(value)


def _unserialisable(path: str, found: str) -> UnserialisableError:
    verb = "return" if path.startswith("the result") else "pass"
    return UnserialisableError(
        f"{path} cannot be stored: {found}; {verb} plain data "
        "(numbers, text, lists, dicts, dates, paths, ...) instead"
    )


def unpack(blob: bytes) -> Any:
    """The value of a blob that `pack` made. Raises ValueError on anything malformed."""
    try:
        return _unpack(blob, ext_hook)
    except (msgpack.UnpackException, TypeError, RecursionError) as error:
        raise ValueError(f"malformed MessagePack: {error}") from error


def _unpack(blob: bytes, hook: Callable[[int, bytes], Any]) -> Any:
    return msgpack.unpackb(
        blob, ext_hook=hook, strict_map_key=False, unicode_errors="surrogateescape"
    )
