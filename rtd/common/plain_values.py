"""Values of subclasses as the plain type that they are kinds of: an enum of texts, a named tuple.

The methods of the plain type read the value, since a subclass may override its own: the text of
an enum's member is its value, not its name.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, Final, TypeVar
from uuid import UUID

from msgpack import ExtType

from rtd.common.unstorable_values import UnstorableValue, key_path, part_path

Plain = TypeVar("Plain")

#: The extension type of a bytearray, which MessagePack itself writes as bytes.
BYTEARRAY: Final = 14


def dict_items(value: dict[Any, Any]) -> Iterable[tuple[Any, Any]]:
    """Return the entries of a dict of any class, in their order."""
    # `dict.items` has not the order that `move_to_end` made.
    return OrderedDict.items(value) if isinstance(value, OrderedDict) else dict.items(value)


def _datetime(value: datetime) -> datetime:
    plain = datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second,
        value.microsecond, value.tzinfo, fold=value.fold,
    )  # fmt: skip
    return _same(plain, value)


def _date(value: date) -> date:
    return _same(date(value.year, value.month, value.day), value)


def _time(value: time) -> time:
    return time(
        value.hour, value.minute, value.second, value.microsecond, value.tzinfo, fold=value.fold
    )


def _timedelta(value: timedelta) -> timedelta:
    return _same(timedelta(value.days, value.seconds, value.microseconds), value)


def _path(value: PurePath) -> Path:
    if not isinstance(value, PurePosixPath):
        raise TypeError  # one of Windows is another path on this host
    return _same(Path(PurePath.__str__(value)), value)


def _same(plain: Plain, value: Any) -> Plain:
    """Return the plain value. A class that holds more, such as nanoseconds, would lose it."""
    if plain == value:
        return plain
    raise TypeError


#: Plain types in the order in which they are tried: a datetime is a date, too.
_READERS: Final[tuple[tuple[type[Any], Callable[[Any], Any]], ...]] = (
    (int, int.__int__),
    (float, float.__float__),
    (str, str.__str__),
    (bytes, bytes.__bytes__),
    (bytearray, bytearray),
    (dict, lambda value: dict(dict_items(value))),
    (list, lambda value: list(list.__iter__(value))),
    (tuple, lambda value: tuple(tuple.__iter__(value))),
    (set, lambda value: set(set.__iter__(value))),
    (frozenset, lambda value: frozenset(frozenset.__iter__(value))),
    (datetime, _datetime),
    (date, _date),
    (time, _time),
    (timedelta, _timedelta),
    (UUID, lambda value: UUID(int=value.int)),
    (Decimal, lambda value: Decimal(Decimal.__str__(value))),
    (PurePath, _path),
)
_HASHES: Final = {base: base.__hash__ for base, _ in _READERS}


def base_of(kind: type) -> type | None:
    """Return the plain type that this class is a kind of; None when it is of none."""
    return next((base for base, _ in _READERS if issubclass(kind, base)), None)


def has_own_hash(kind: type) -> bool:
    """Whether values of this class may be two keys of a dict where their plain values are one."""
    base = base_of(kind)
    return base is not None and kind.__hash__ is not _HASHES[base]


def to_base(value: Any) -> Any:
    """Return the plain value of a subclass.

    Raises:
        TypeError: the value is of no such class, or its class holds more than the plain one.
    """
    for base, read in _READERS:
        if isinstance(value, base):
            return read(value)
    raise TypeError


def to_plain(value: Any, path: str) -> Any:
    """Return a value in which nothing needs care: every dict and list is a new one, with keys
    that stay apart.

    Args:
        value: any value; what it is made of may be of subclasses.
        path: how the value is called.

    Raises:
        UnstorableValue: a part of it would be another once it is stored.
    """
    kind = type(value)
    if kind is bytearray:
        return ExtType(BYTEARRAY, bytes(value))
    if kind is memoryview:
        raise UnstorableValue(path, "a value of type memoryview")
    if kind is ExtType:
        return value
    if isinstance(value, dict):
        return _plain_dict(value, path)
    if isinstance(value, list):
        return _plain_parts(list.__iter__(value), path)
    if isinstance(value, tuple):
        return tuple(_plain_parts(tuple.__iter__(value), path))
    if isinstance(value, set):
        return _plain_set(set.__iter__(value), path)
    if isinstance(value, frozenset):
        return frozenset(_plain_set(frozenset.__iter__(value), path))
    return to_base(value) if has_own_hash(kind) else value


def _plain_parts(parts: Iterable[Any], path: str) -> list[Any]:
    return [to_plain(inner, f"{path}[{index}]") for index, inner in enumerate(parts)]


def _plain_dict(value: dict[Any, Any], path: str) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, inner in dict_items(value):
        plain = _plain_key(key, key_path(key, path))
        if plain in found:
            raise UnstorableValue(path, f"it has two keys that are {plain!r:.80} once stored")
        found[plain] = to_plain(inner, part_path(key, path))
    return found


def _plain_set(elements: Iterable[Any], path: str) -> set[Any]:
    found: set[Any] = set()
    for element in elements:
        plain = _plain_key(element, f"an element of {path}")
        if plain in found:
            raise UnstorableValue(path, f"it has two elements that are {plain!r:.80} once stored")
        found.add(plain)
    return found


def _plain_key(key: Any, path: str) -> Any:
    plain = to_plain(key, path)
    try:
        hash(plain)
    except TypeError:
        raise UnstorableValue(path, f"a {type(plain).__name__}, which is no key") from None
    return plain
