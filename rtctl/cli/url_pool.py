"""The connections of a command line to a Redis, without a daemon."""

from __future__ import annotations

from rtctl.client.redis_pool import RedisPool
from rtd.common.errors import ConfigError

_SCHEMES = ("redis", "rediss", "unix")


def open_url(url: str, place: str) -> RedisPool:
    """Return the connections to a Redis.

    Args:
        url: as `Client` takes it.
        place: where the user has named it.

    Raises:
        ConfigError: it cannot be used.
    """
    scheme, mark, _ = url.partition("://")
    if not mark or scheme not in _SCHEMES:
        shown = f"{scheme:.20}://..." if mark else "it"  # a password may stand in it
        raise ConfigError(
            f"{place}: {shown} is no URL of a Redis, such as redis://host:6379/0, rediss:// or"
            " unix:///run/redis.sock"
        )
    try:
        return RedisPool(url, 5.0, {})
    except ConfigError as error:
        raise ConfigError(f"{place}: {error.sentence}") from None
