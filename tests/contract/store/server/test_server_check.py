"""The check of a server: its own settings, and the warnings about them."""

import pytest

from rtd.common.errors import ConfigError
from rtd.store.connection.blocking import RedisConnection
from rtd.store.embedded.find_server import ServerProgram
from rtd.store.embedded.server import EmbeddedRedis
from rtd.store.embedded.server_check import INFO_COMMAND, check_server

GOOD = {
    "redis_version": "6.2.14",
    "role": "master",
    "maxmemory_policy": "noeviction",
    "aof_enabled": "1",
}


def test_our_own_server_gives_no_reason_to_worry(
    shared_redis: EmbeddedRedis, server: ServerProgram
) -> None:
    with RedisConnection.connect(shared_redis.url) as link:
        facts = link.execute(INFO_COMMAND)
    assert facts["redis_version"] == ".".join(map(str, server.version))
    assert check_server(facts, "here") == []


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ({"redis_version": "6.0.16"}, r"is 6\.0\.16; rtd needs 6\.2"),
        ({"redis_version": ""}, "of no known version"),
        ({"role": "slave"}, "is a read-only replica"),
    ],
)
def test_a_server_that_cannot_be_used_is_refused(fact: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check_server({**GOOD, **fact}, "redis://h:1/0")


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ({"maxmemory_policy": "allkeys-lru"}, "throws away data when its memory is full"),
        ({"aof_enabled": "0"}, "keeps no append-only file"),
    ],
)
def test_a_risky_server_is_warned_about(fact: dict[str, str], words: str) -> None:
    (warning,) = check_server({**GOOD, **fact}, "redis://h:1/0")
    assert words in warning


@pytest.mark.parametrize("version", ["6.2.0", "7.4.2", "8.0.1", "10.0.0"])
def test_versions_compare_as_numbers(version: str) -> None:
    assert check_server({**GOOD, "redis_version": version}, "h") == []
