"""The name of a class in messages, and of an exception class in policies.

Imported by every client that submits with options, so it must stay cheap.
"""

from __future__ import annotations

#: The module that rtd's own exceptions had in stored policies.
_FORMER = "rtd.session.core.app_errors"


def type_name(kind: type) -> str:
    """Return the name of a class with its module; without it for a class of Python's own."""
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def all_names(kind: type) -> tuple[str, ...]:
    """Return every name by which `retry_on` may mean a class, also one that was stored before rtd's
    own exceptions had the module `rtd`."""
    names = kind.__name__, type_name(kind)
    return (*names, f"{_FORMER}.{kind.__name__}") if kind.__module__ == "rtd" else names


def exception_name(item: object) -> str:
    """Return the name that an exception class has in `retry_on`: `ValueError`, `requests.Timeout`.

    Args:
        item: an exception class, or such a name.

    Raises:
        ValueError: neither.
    """
    if isinstance(item, type) and issubclass(item, BaseException):
        return type_name(item)
    if isinstance(item, str) and item:
        return item
    raise ValueError(f"{item!r} is neither an exception class nor its name")


#: Words for ends that are no exceptions, and what a user of them wants.
_NO_EXCEPTIONS = {
    "lost": "on_lost='requeue' tries a run again whose executor died",
    "terminated": "a run that was asked to stop is not tried again",
    "killed": "a run that was asked to stop is not tried again",
    "cancelled": "a run that was cancelled has never begun",
    "exception": "Exception stands for all of them",
    "succeeded": "a run that succeeded is not tried again",
}


def retry_name(item: object) -> str:
    """As `exception_name`; and `timeout`, `memory limit` or `cpu limit`, also with a `_`.

    Raises:
        ValueError: neither, or what can be no name of an exception or of another end.
    """
    name = exception_name(item)
    if not name.rpartition(".")[2].isidentifier() and not _is_other_end(name):
        raise ValueError(
            f"{name!r:.80} is no name of an exception: write ValueError, requests.Timeout,"
            " 'exit 75', 'timeout', 'memory limit' or 'cpu limit'"
        )
    if name in _NO_EXCEPTIONS:
        raise ValueError(f"{name!r} is no exception: {_NO_EXCEPTIONS[name]}")
    return {"memory_limit": "memory limit", "cpu_time_limit": "cpu limit"}.get(name, name)


def _is_other_end(name: str) -> bool:
    """Check for the end of an attempt whose name has a blank: a limit, or an exit code."""
    word, _, code = name.partition(" ")
    return name in ("memory limit", "cpu limit") or (word == "exit" and code.isdecimal())


def read_exception_names(value: object) -> tuple[str, ...]:
    """Return the names of one exception or of several. Raises ValueError for what is neither."""
    items = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return tuple(retry_name(item) for item in items)
