"""The arguments of a client of a Redis. Imported by every client: it stays cheap."""

from __future__ import annotations

from rtd.common.errors import BadRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict, TypeGuard

    class RedisOptions(TypedDict, total=False):
        """Arguments of a client of a Redis.

        `name` is the setting `name` of the workers, as `?name=` in the URL. `session` is the app's
        own session: a task that it declares is queued although no worker has ever run.
        """

        name: str | None
        session: object


_SCHEMES = ("redis://", "rediss://", "unix://")


def is_redis_url(address: object) -> TypeGuard[str]:
    """Return whether a client is to use a Redis without a daemon in between."""
    return isinstance(address, str) and address.startswith(_SCHEMES)


def refuse_options(options: RedisOptions) -> None:
    """Raise BadRequest for arguments of a client of a Redis where there is a daemon."""
    for name in options:
        if name not in ("name", "session"):
            raise TypeError(f"Client() got an unexpected keyword argument {name!r}")
        if options.get(name) is not None:
            raise BadRequest(
                f"{name} is for a client of a Redis, Client('redis://...'): a daemon knows its own"
            )
