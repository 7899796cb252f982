"""Checks whether rtd can rely on a Redis server, by what `INFO` reports."""

import re
from collections.abc import Mapping
from typing import Final

from rtd.common.errors import ConfigError
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.find_server import MIN_VERSION


def parse_info(text: bytes) -> dict[str, str]:
    """Read the `name:value` lines of Redis' INFO."""
    lines = (line.partition(":") for line in text.decode(errors="replace").splitlines())
    return {name: value for name, sign, value in lines if sign}


#: Reads all facts of the server.
INFO_COMMAND: Final = RedisCommand(("INFO",), parse_info)


def check_server(facts: Mapping[str, str], where: str) -> list[str]:
    """Return warnings about a server that rtd does not run itself.

    Args:
        facts: the reply to `INFO_COMMAND`.
        where: how the server is called in the sentences.

    Raises:
        ConfigError: it cannot be used: too old, or a read-only copy.
    """
    version = facts.get("redis_version", "")
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < MIN_VERSION:
        raise ConfigError(f"Redis at {where} is {version or 'of no known version'}; rtd needs 6.2")
    if facts.get("role") == "slave":
        raise ConfigError(f"Redis at {where} is a read-only replica: name its master")
    warnings = []
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        warnings.append(
            f"Redis at {where} throws away data when its memory is full "
            f"(maxmemory-policy {policy}): runs can get lost; set it to noeviction"
        )
    if facts.get("aof_enabled") == "0":
        warnings.append(
            f"Redis at {where} keeps no append-only file: when it dies, runs are lost; "
            "set appendonly yes"
        )
    return warnings
