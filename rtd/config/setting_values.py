"""Readers of the value of one setting, from a file, a variable, a flag or an app."""

import os
from collections.abc import Callable
from typing import Any, Final

from rtd.common.errors import ConfigError
from rtd.common.units import parse_bytes, parse_duration_s
from rtd.config.config import EMBEDDED
from rtd.config.redis_url import parse_url

DURABILITIES: Final = ("process", "always")

Read = Callable[[Any], Any]


def read_text(value: Any) -> str:
    """Return a text that is not empty. Raises ValueError, as all of these do."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is no text")
    return value


def read_name(value: Any) -> str:
    """Return a name that can stand in a key of Redis."""
    text = read_text(value)
    if any(c in text for c in "{}:|") or not text.isprintable() or len(text) > 100:
        raise ValueError(f"{value!r}: at most 100 characters, none of them {{ }} : |")
    return text


def read_redis(value: Any) -> str:
    """Return `embedded` or a URL of a Redis."""
    url = read_text(value)
    if url != EMBEDDED:
        try:
            parse_url(url)
        except ConfigError as error:
            raise ValueError(error.sentence) from None
    return url


def read_absolute_path(value: Any) -> str:
    """Return a path that begins with a slash."""
    path = read_text(value)
    if not os.path.isabs(path):
        raise ValueError(f"{path!r} is no absolute path")
    return path


def read_durability(value: Any) -> str:
    """Return one of `DURABILITIES`."""
    if value not in DURABILITIES:
        raise ValueError(f"{value!r} is neither 'process' nor 'always'")
    return str(value)


def whole_reader(low: int, high: int) -> Read:
    """Return a reader of whole numbers between two bounds."""

    def read(value: Any) -> int:
        number = int(value) if isinstance(value, str) and value.strip().isdigit() else value
        if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
            raise ValueError(f"{value!r} is not a whole number from {low} to {high}")
        return number

    return read


def read_positive_s(value: Any) -> float:
    """Return a duration above 0, in seconds."""
    seconds = parse_duration_s(value)
    if seconds <= 0:
        raise ValueError(f"{value!r} leaves no time to answer")
    return seconds


def read_switch(value: Any) -> bool:
    """Return True or False."""
    found = {"true": True, "false": False}.get(str(value).lower())
    if found is None:
        raise ValueError(f"{value!r} is neither true nor false")
    return found


def read_names(value: Any) -> tuple[str, ...]:
    """Read a list of texts; in the environment and in a flag, commas separate them."""
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",")]
    if not isinstance(value, list | tuple):
        raise ValueError(f"{value!r} is no list of texts")
    return tuple(read_text(name) for name in value)


def read_size(value: Any) -> int:
    """Return a size in bytes."""
    return parse_bytes(int(value) if isinstance(value, str) and value.isdigit() else value)


def read_at_least_1_kb(value: Any) -> int:
    """Return a size of at least 1 KB, in bytes."""
    size = read_size(value)
    if size < 1024:
        raise ValueError(f"{value!r} is too small: at least 1 KB")
    return size
