"""Reads values that a person or a program has given; each reader raises ValueError."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from rtd.common.msgpack_values import show_value
from rtd.common.text_of import text_of
from rtd.common.units import parse_bytes, parse_duration_s

_ZERO: Final = "0 would end every run at once; leave it out for no limit"
_T = TypeVar("_T")


def read_optional(read: Callable[[Any], _T]) -> Callable[[Any], _T | None]:
    """Return a reader that leaves None as it is."""
    return lambda value: None if value is None else read(value)


def whole_number(low: int, high: int) -> Callable[[Any], int]:
    """Return a reader of whole numbers from `low` to `high`."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{show_value(value)} is not a whole number from {low} to {high}")
        return value

    return read


def read_share(value: Any) -> float:
    """Return a share from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{show_value(value)} is not a share from 0 to 1")
    return float(value)


def read_positive_duration_s(value: Any) -> float:
    """Return the seconds of a limit, more than 0."""
    seconds = parse_duration_s(value)
    if seconds == 0:
        raise ValueError(_ZERO)
    return seconds


def read_positive_size(value: Any) -> int:
    """Return the bytes of a limit, more than 0."""
    size = parse_bytes(value)
    if size == 0:
        raise ValueError(_ZERO)
    return size


def read_queue_name(value: Any) -> str:
    """Return the name of a queue."""
    if not isinstance(value, str) or not value or len(value) > 100:
        raise ValueError(f"{value!r} is no queue name: a text of 1 to 100 characters")
    if any(c in value for c in "|\0\n\r\t ,") or value.startswith("@"):
        raise ValueError(f"{value!r} is no queue name: no blanks, commas, '|' or leading '@'")
    return text_of(value)
