"""The options of a submit as Python values, made into what the wire takes."""

from __future__ import annotations

from rtd.common.errors import PolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from typing import Any, TypedDict

    Duration = str | float | timedelta

    class RunOptions(TypedDict, total=False):
        """What `Client.task(name, ...)` and `.options(...)` take.

        Durations are seconds, texts such as `"10m"`, or timedeltas; sizes are bytes or texts
        such as `"512M"`. `id` is your own unique id: the same id again is the same run.
        """

        id: str
        queue: str
        priority: int
        timeout: Duration | None
        stop_grace: Duration | None
        retries: int
        backoff: Duration
        backoff_cap: Duration
        jitter: float
        retry_on: Any
        no_retry_on: Any
        on_lost: str
        max_concurrency: int | None
        memory_limit: str | int | None
        cpu_time_limit: Duration | None
        expires: Duration | None
        at: datetime | float | None
        delay: Duration | None
        labels: list[str]


def to_wire(options: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """The user's unique id, and the other options as plain values.

    Raises:
        PolicyError: an exception that is neither a class nor a name.
    """
    plain = {name: _plain(name, value) for name, value in options.items() if name != "id"}
    key = options.get("id")
    if key is not None and (not isinstance(key, str) or not key):
        raise PolicyError(f"id: {key!r} is no unique id: it must be a text")
    return key, plain


def _plain(name: str, value: Any) -> Any:
    if name in ("retry_on", "no_retry_on"):
        many = isinstance(value, list | tuple | set | frozenset)
        return [_exception(name, item) for item in (value if many else [value])]
    if name == "labels" and isinstance(value, tuple | set | frozenset):
        return list(value)
    if hasattr(value, "total_seconds"):
        return value.total_seconds()
    if name == "at" and hasattr(value, "timestamp"):
        return value.timestamp()
    return value


def _exception(name: str, item: Any) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, type) and issubclass(item, BaseException):
        plain = item.__module__ == "builtins"
        return item.__qualname__ if plain else f"{item.__module__}.{item.__qualname__}"
    raise PolicyError(f"{name}: {item!r} is neither an exception class nor its name")
