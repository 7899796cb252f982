"""One command for Redis, and how to read its reply. No I/O: links send calls, tests build them."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

#: The most runs in one call of a script: Lua unpacks at most about 7,000 values.
MAX_BATCH: Final = 1000


def as_is(reply: Any) -> Any:
    """The reply itself."""
    return reply


def nothing(_reply: Any) -> None:
    """For commands whose reply says nothing."""


class RedisCommand(NamedTuple):
    """A command to send.

    Args:
        args: the command in full; for a script everything after EVALSHA's digest.
        parse: makes the reply what the caller wants. Never sees an error reply.
        script: the script's name, or None for a plain command.
    """

    args: tuple[Any, ...]
    parse: Callable[[Any], Any] = as_is
    script: str | None = None


def check_batch(count: int) -> None:
    """Raises ValueError when more runs are passed than one script call may carry."""
    if count > MAX_BATCH:
        raise ValueError(f"{count} runs in one call; at most {MAX_BATCH}: send several calls")
