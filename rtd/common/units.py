"""Durations, sizes and numbers as people write them, and readers that hold them to a range."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

from rtd.common.format_units import format_bytes, format_duration

__all__ = [
    "DurationTooLarge",
    "format_bytes",
    "format_duration",
    "parse_bytes",
    "parse_duration_s",
    "parse_umask",
    "read_optional",
    "read_positive_duration_s",
    "read_positive_size",
    "read_share",
    "whole_number",
]

_ZERO: Final = "0 would end every run at once; leave it out for no limit"
#: No process is smaller.
_LIMIT_MIN: Final = 100_000
#: Durations are shorter: 317 years.
DURATION_END_S: Final = 1e10
_T = TypeVar("_T")
_UNIT_S: Final = {
    "w": 604800.0, "week": 604800.0, "weeks": 604800.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0,
    "h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "m": 60.0, "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0,
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "ms": 0.001,
}  # fmt: skip
_SIZE: Final = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
#: An exbibyte: no host has more, and every store and system call can hold it.
_SIZE_END: Final = 1 << 60
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)(?:\s*,\s*|\s+and\s+|\s*)", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(\d+):(\d{2})(?::(\d{2}(?:\.\d+)?))?")
_OCTAL: Final = re.compile(r"(?:0o)?([0-7]{1,4})", re.IGNORECASE)
_UMASK_END: Final = 0o1000
_BYTES: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?b)?", re.IGNORECASE)


class DurationTooLarge(ValueError):
    """A duration of so many seconds that no part of rtd takes it."""


def parse_duration_s(value: str | float | timedelta) -> float:
    """Return seconds from `5`, `"10s"`, `"2 hours"`, `"1h 30m"`, `"1 day, 2 hours"`, `"01:30:00"`.

    A bare number is seconds.

    Raises:
        ValueError: one sentence with the forms that are understood.
    """
    if isinstance(value, timedelta):
        return _not_negative(value.total_seconds(), value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _not_negative(float(value), value)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no duration; write 90, '90s', '2 hours' or '1h 30m'")
    text = value.strip()
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        return _not_negative(number, value)
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = clock.groups()
        return _not_negative(int(hours) * 3600.0 + int(minutes) * 60.0 + float(seconds or 0), value)
    return _spelled_s(text, value)


def _spelled_s(text: str, value: str) -> float:
    total, position = 0.0, 0
    while position < len(text):
        part = _PART.match(text, position)
        unit = _UNIT_S.get(part[2].lower()) if part else None
        if part is None or unit is None:
            raise ValueError(f"{value!r} is no duration; write 90, '90s', '2 hours' or '1h 30m'")
        total += float(part[1]) * unit
        position = part.end()
    if not text:
        raise ValueError("an empty text is no duration; write 90, '90s', '2 hours' or '1h 30m'")
    return _not_negative(total, value)


def _not_negative(seconds: float, value: object) -> float:
    if 0 <= seconds < DURATION_END_S:
        return seconds
    if seconds > 0:
        raise DurationTooLarge(
            f"{_show(value)} is too long: a duration must be less than 10 billion seconds"
            " (about 317 years)"
        )
    raise ValueError(f"{_show(value)} is no duration: it must be 0 or more")


def parse_bytes(value: str | int) -> int:
    """Return the bytes of `1048576`, `"512M"`, `"500 MB"`, `"1.5 GiB"`; units are powers of 1024.

    Raises:
        ValueError: one sentence with the forms that are understood.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise ValueError(f"{value!r} is no size: it must not be negative")
        return _storable(value, value)
    match = _BYTES.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no size; write 1048576, '512M' or '1.5 GB'")
    size = float(match[1]) * _SIZE[match[2].lower()]
    return _storable(int(size) if size < _SIZE_END else _SIZE_END, value)


def _storable(size: int, value: object) -> int:
    if size >= _SIZE_END:
        raise ValueError(f"{value!r} is no size: it must be less than an exabyte")
    return size


def parse_umask(value: str | int) -> int:
    """Return the umask of a number as it is, or of a text, which is octal as in a shell: `"027"`.

    Raises:
        ValueError: one sentence with the forms that are understood.
    """
    mode = -1
    if isinstance(value, int) and not isinstance(value, bool):
        mode = value
    elif isinstance(value, str) and (match := _OCTAL.fullmatch(value.strip())):
        mode = int(match[1], 8)
    if not 0 <= mode < _UMASK_END:
        raise ValueError(f"{value!r:.60} is no umask; write an octal text '000' to '777', or 0o027")
    return mode


def read_optional(read: Callable[[Any], _T]) -> Callable[[Any], _T | None]:
    """Return a reader that leaves None as it is."""
    return lambda value: None if value is None else read(value)


def whole_number(low: int, high: int) -> Callable[[Any], int]:
    """Return a reader of whole numbers from `low` to `high`, which raises ValueError."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{_show(value)} is not a whole number from {low} to {high}")
        return value

    return read


def read_share(value: Any) -> float:
    """Return a share from 0 to 1. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{_show(value)} is not a share from 0 to 1")
    return float(value)


def read_positive_duration_s(value: Any) -> float:
    """Return the seconds of a limit, more than 0. Raises ValueError."""
    seconds = parse_duration_s(value)
    if seconds == 0:
        raise ValueError(_ZERO)
    return seconds


def read_expiry_s(value: Any) -> float:
    """Return the seconds after which a run that waits is cancelled. Raises ValueError."""
    seconds = parse_duration_s(value)
    if seconds == 0:
        raise ValueError("0 would cancel every run at once; leave it out for no limit")
    return seconds


def read_positive_size(value: Any) -> int:
    """Return the bytes of a limit, more than 0. Raises ValueError."""
    size = parse_bytes(value)
    if size == 0:
        raise ValueError(_ZERO)
    if size < _LIMIT_MIN:
        # The number of megabytes, most probably.
        raise ValueError(f"{_show(value)} bytes would end every run at once; write '512M'")
    return size


def _show(value: Any) -> str:
    from rtd.common.text_of import show_value  # lazy: only an error needs it

    return show_value(value)
