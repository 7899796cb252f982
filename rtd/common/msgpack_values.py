"""MessagePack with the types a task's parameters and results may have. Nothing is pickled.

Beyond MessagePack's own types: datetime, date, time, timedelta, UUID, Decimal, Path, set,
frozenset, tuple, and integers beyond 64 bits. `pack` refuses anything else, with the path of the
offending value.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any, Final
from uuid import UUID

import msgpack

from rtd.common.errors import UnserialisableError
from rtd.common.nesting_depth import MAX_BOXES, MAX_DEPTH, is_too_deep
from rtd.common.unstorable_values import TOO_BOXED, TOO_DEEP, find_unstorable

_DATETIME, _DATE, _TIME, _TIMEDELTA, _UUID, _DECIMAL, _PATH = range(1, 8)
_SET, _FROZENSET, _TUPLE, _INT = range(8, 12)


_BASES: Final[tuple[type[Any], ...]] = (int, float, str, bytes, dict, list)


def _delta(value: timedelta) -> bytes:
    return _packer([value.days, value.seconds, value.microseconds])


_ENCODERS: Final[dict[type, tuple[int, Callable[[Any], bytes]]]] = {
    datetime: (_DATETIME, lambda v: v.isoformat().encode()),
    date: (_DATE, lambda v: v.isoformat().encode()),
    time: (_TIME, lambda v: v.isoformat().encode()),
    timedelta: (_TIMEDELTA, _delta),
    UUID: (_UUID, lambda v: v.bytes),
    Decimal: (_DECIMAL, lambda v: str(v).encode()),
    int: (_INT, lambda v: str(v).encode()),
}

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
}


def _default(boxes: int) -> Callable[[Any], Any]:
    """Return the encoder of types that msgpack does not know, inside so many boxes."""

    def encode(value: Any) -> Any:
        kind = type(value)
        if kind in _BOX_CODES:
            return _boxed(_BOX_CODES[kind], value, boxes)
        found = _ENCODERS.get(kind)
        if found is not None:
            return msgpack.ExtType(found[0], found[1](value))
        if isinstance(value, PurePath):
            return msgpack.ExtType(_PATH, str(value).encode(errors="surrogateescape"))
        # Subclasses (an IntEnum, a namedtuple, an OrderedDict) are stored as their base type.
        for base in _BASES:
            if isinstance(value, base):
                return base(value)
        for base, code in _BOX_CODES.items():
            if isinstance(value, base):
                return _boxed(code, value, boxes)
        for base, (code, encoder) in _ENCODERS.items():
            if isinstance(value, base):
                return msgpack.ExtType(code, encoder(value))
        raise TypeError(f"{kind.__name__} cannot be stored")

    return encode


def _boxed(code: int, value: Any, boxes: int) -> msgpack.ExtType:
    if boxes == MAX_BOXES:
        raise ValueError(TOO_BOXED)
    return msgpack.ExtType(code, _packer(list(value), boxes + 1))


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


def show_value(value: Any) -> str:
    """Return the text of a value for an error; an extension type shows the value it stands for."""
    if isinstance(value, msgpack.ExtType):
        # An extension type that cannot be decoded shows as it is.
        with suppress(ValueError, TypeError, ArithmeticError):
            value = ext_hook(value.code, value.data)
    return f"{value!r:.80}"


def pack(value: Any, where: str = "value") -> bytes:
    """Return a user's value as MessagePack.

    Args:
        value: what to store.
        where: how the value is called in an error, e.g. `params`.

    Raises:
        UnserialisableError: names the path of the first value that cannot be stored.
    """
    blob = pack_frame(value, where)
    check_depth(value, blob, where)
    return blob


def pack_frame(value: Any, where: str) -> bytes:
    """As `pack`, but users' values may be `MAX_DEPTH` deep somewhere inside."""
    try:
        return _packer(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        path, found = find_unstorable(value, where, _packer) or (where, str(error))
        raise _unserialisable(path, found) from None


def check_depth(value: Any, blob: bytes, where: str) -> None:
    """Refuse what is nested too deep. `blob` is the value packed.

    Raises:
        UnserialisableError: names the path of the first part that is too deep.
    """
    # Each level has one byte at least, so most values need no look.
    if len(blob) > MAX_DEPTH and is_too_deep(value):
        path, found = find_unstorable(value, where, _packer) or (where, TOO_DEEP)
        raise _unserialisable(path, found)


def _unserialisable(path: str, found: str) -> UnserialisableError:
    return UnserialisableError(
        f"{path} cannot be stored: {found}; pass plain data "
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
