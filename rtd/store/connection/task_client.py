"""A client of redis-py for an app's own code: `self.redis` of a task."""

from typing import Any

import redis

from rtd.config.redis_url import parse_url


def connect_for_tasks(url: str) -> "redis.Redis":
    """Return a client with decoded replies. It connects when it is first used.

    Args:
        url: see `rtd.config.redis_url.parse_url`.
    """
    address = parse_url(url)
    login: dict[str, Any] = {
        "db": address.db,
        "username": address.username,
        "password": address.password,
        "decode_responses": True,
    }
    if address.path is not None:
        return redis.Redis(unix_socket_path=address.path, **login)
    tls: dict[str, Any] = {}
    if address.tls is not None:
        tls = {"ssl": True, **address.tls}
        tls["ssl_check_hostname"] = address.tls.get("ssl_check_hostname") != "false"
    return redis.Redis(host=address.host or "localhost", port=address.port, **login, **tls)
