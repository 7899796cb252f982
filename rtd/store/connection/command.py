"""One command for Redis, and how to read its reply. No I/O: the connections send it."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

#: The most runs in one call of a script: Lua unpacks at most about 7,000 values.
MAX_BATCH: Final = 1000


def as_is(reply: Any) -> Any:
    """Return the reply itself."""
    return reply


def nothing(_reply: Any) -> None:
    """Return None, for commands whose reply has no meaning."""


class RedisCommand(NamedTuple):
    """A command to send.

    Args:
        args: the command in full; for a script everything after EVALSHA's digest.
        parse: makes the result of the reply. It never gets an error reply.
        script: the script's name, or None for a plain command.
    """

    args: tuple[Any, ...]
    parse: Callable[[Any], Any] = as_is
    script: str | None = None


def check_batch(count: int) -> None:
    """Raise ValueError for more runs than one script may get."""
    if count > MAX_BATCH:
        raise ValueError(f"{count} runs in one call; at most {MAX_BATCH}: send several calls")
