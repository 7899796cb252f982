"""MessagePack with the types a task's parameters and results may have. Nothing is pickled.

Beyond MessagePack's own types: datetime, date, time, timedelta, UUID, Decimal, Path, set,
frozenset, tuple, and integers beyond 64 bits. Anything else is refused with the path of
the offending value.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any, Final
from uuid import UUID

import msgpack

from rtd.model.errors import UnserialisableError

#: Nesting beyond this is refused (msgpack's own C limit is 511).
MAX_DEPTH: Final = 200

_DATETIME, _DATE, _TIME, _TIMEDELTA, _UUID, _DECIMAL, _PATH = range(1, 8)
_SET, _FROZENSET, _TUPLE, _INT = range(8, 12)


_BASES: Final[tuple[type[Any], ...]] = (int, float, str, bytes, dict, list)


def _pack_inner(value: Any) -> bytes:
    return bytes(_packer(value))


def _delta(value: timedelta) -> bytes:
    return _pack_inner([value.days, value.seconds, value.microseconds])


_ENCODERS: Final[dict[type, tuple[int, Callable[[Any], bytes]]]] = {
    datetime: (_DATETIME, lambda v: v.isoformat().encode()),
    date: (_DATE, lambda v: v.isoformat().encode()),
    time: (_TIME, lambda v: v.isoformat().encode()),
    timedelta: (_TIMEDELTA, _delta),
    UUID: (_UUID, lambda v: v.bytes),
    Decimal: (_DECIMAL, lambda v: str(v).encode()),
    set: (_SET, lambda v: _pack_inner(list(v))),
    frozenset: (_FROZENSET, lambda v: _pack_inner(list(v))),
    tuple: (_TUPLE, lambda v: _pack_inner(list(v))),
    int: (_INT, lambda v: str(v).encode()),
}

_DECODERS: Final[dict[int, Callable[[bytes], Any]]] = {
    _DATETIME: lambda b: datetime.fromisoformat(b.decode()),
    _DATE: lambda b: date.fromisoformat(b.decode()),
    _TIME: lambda b: time.fromisoformat(b.decode()),
    _TIMEDELTA: lambda b: timedelta(*unpack(b)),
    _UUID: lambda b: UUID(bytes=b),
    _DECIMAL: lambda b: Decimal(b.decode()),
    _PATH: lambda b: Path(b.decode(errors="surrogateescape")),
    _SET: lambda b: set(unpack(b)),
    _FROZENSET: lambda b: frozenset(unpack(b)),
    _TUPLE: lambda b: tuple(unpack(b)),
    _INT: lambda b: int(b.decode()),
}


def _default(value: Any) -> Any:
    found = _ENCODERS.get(type(value))
    if found is not None:
        return msgpack.ExtType(found[0], found[1](value))
    if isinstance(value, PurePath):
        return msgpack.ExtType(_PATH, str(value).encode(errors="surrogateescape"))
    # Subclasses (an IntEnum, a namedtuple, an OrderedDict) are stored as their base type.
    for base in _BASES:
        if isinstance(value, base):
            return base(value)
    for kind, (code, encoder) in _ENCODERS.items():
        if isinstance(value, kind):
            return msgpack.ExtType(code, encoder(value))
    raise TypeError(f"{type(value).__name__} cannot be stored")


def _packer(value: Any) -> bytes:
    blob: bytes = msgpack.packb(
        value, default=_default, strict_types=True, unicode_errors="surrogateescape"
    )
    return blob


def ext_hook(code: int, data: bytes) -> Any:
    decoder = _DECODERS.get(code)
    return msgpack.ExtType(code, data) if decoder is None else decoder(data)


def shown(value: Any) -> str:
    """A value for an error; one that the wire carries as an extension type as what it means."""
    if isinstance(value, msgpack.ExtType):
        # What nobody can read is shown as it is.
        with suppress(ValueError, TypeError, ArithmeticError):
            value = ext_hook(value.code, value.data)
    return f"{value!r:.80}"


def pack(value: Any, where: str = "value") -> bytes:
    """The value as MessagePack.

    Args:
        value: what to store.
        where: how the value is called in an error, e.g. `params`.

    Raises:
        UnserialisableError: names the path of the first value that cannot be stored.
    """
    try:
        return _packer(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        path, found = _find_bad(value, where, 0) or (where, str(error))
        raise UnserialisableError(
            f"{path} cannot be stored: {found}; pass plain data "
            "(numbers, text, lists, dicts, dates, paths, ...) instead"
        ) from None


def unpack(blob: bytes) -> Any:
    """The value of a blob that `pack` made. Raises ValueError on anything malformed."""
    try:
        return msgpack.unpackb(
            blob, ext_hook=ext_hook, strict_map_key=False, unicode_errors="surrogateescape"
        )
    except (msgpack.UnpackException, TypeError, RecursionError) as error:
        raise ValueError(f"malformed MessagePack: {error}") from error


def _find_bad(value: Any, path: str, depth: int) -> tuple[str, str] | None:
    """The path and the fault of the first value that cannot be packed."""
    if depth > MAX_DEPTH:
        return path[:120] + "...", f"nested more than {MAX_DEPTH} deep (or it contains itself)"
    items: list[tuple[Any, str]] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            bad_key = _find_bad(key, f"the key {key!r} of {path}", depth + 1)
            if bad_key is not None:
                return bad_key
            step = f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]"
            items.append((inner, path + step))
    elif isinstance(value, list | tuple):
        items = [(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
    elif isinstance(value, set | frozenset):
        items = [(inner, f"an element of {path}") for inner in value]
    for inner, inner_path in items:
        found = _find_bad(inner, inner_path, depth + 1)
        if found is not None:
            return found
    if items:
        return None
    try:
        _packer(value)
    except (TypeError, ValueError, OverflowError) as error:
        kind = type(value)
        name = kind.__qualname__ if kind.__module__ == "builtins" else _full_name(kind)
        return path, f"a value of type {name}" if isinstance(error, TypeError) else str(error)
    return None


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
