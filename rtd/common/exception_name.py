"""The name of an exception class, as policies store it.

Imported by every client that submits with options, so it must stay cheap.
"""

from __future__ import annotations


def exception_name(item: object) -> str:
    """Return the name that an exception class has in `retry_on`: `ValueError`, `requests.Timeout`.

    Args:
        item: an exception class, or such a name.

    Raises:
        ValueError: neither.
    """
    if isinstance(item, type) and issubclass(item, BaseException):
        plain = item.__module__ == "builtins"
        return item.__qualname__ if plain else f"{item.__module__}.{item.__qualname__}"
    if isinstance(item, str) and item:
        return item
    raise ValueError(f"{item!r} is neither an exception class nor its name")
