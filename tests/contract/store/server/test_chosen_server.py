"""Data goes on with the server that wrote it, whatever else is on PATH."""

from pathlib import Path

import pytest

from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.data_format import read_data_format, unreadable_reason
from rtd.store.embedded.find_server import ServerProgram
from rtd.store.embedded.last_server import read_last_server
from rtd.store.embedded.server import EmbeddedRedis
from tests.contract.store.servers import servers
from tests.unit.store.test_choose_server import program


def increment(redis: EmbeddedRedis) -> object:
    """Start it, add 1 to a number, stop it. Return the number."""
    redis.start()
    with RedisConnection.connect(redis.url) as link:
        number = link.execute(RedisCommand(("INCR", "a")))
    redis.stop()
    return number


def test_the_files_of_a_real_server_are_understood(home: Path, server: ServerProgram) -> None:
    redis = EmbeddedRedis(home / "redis", server=server)
    assert increment(redis) == 1
    form = read_data_format(redis.directory)
    assert form is not None
    assert form.in_parts == (server.version >= (7, 0, 0))
    assert unreadable_reason(server, form) == ""
    if form.in_parts:
        assert form.writer == server.describe()
    assert read_last_server(redis.directory) == server


@pytest.mark.parametrize("is_remembered", [True, False])
def test_data_is_continued_though_an_older_redis_is_first_on_path(
    home: Path, server: ServerProgram, monkeypatch: pytest.MonkeyPatch, is_remembered: bool
) -> None:
    if server.version < (7, 0, 0):
        pytest.skip("the older one reads its data")
    redis = EmbeddedRedis(home / "redis", server=server)
    assert increment(redis) == 1
    if not is_remembered:
        (redis.directory / "server").unlink()
    program(home / "bin", "6.2.14")
    monkeypatch.setenv("PATH", f"{home / 'bin'}:{server.path.parent}")
    again = EmbeddedRedis(home / "redis")
    assert increment(again) == 2
    last = read_last_server(again.directory)
    assert last is not None
    assert last.describe() == server.describe()


def test_an_older_server_goes_on_until_it_is_gone(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    both = sorted((s for s in servers() if not s.is_valkey), key=lambda each: each.version)
    if len(both) < 2:
        pytest.skip("there is one version of Redis here")
    links = [home / name / "redis-server" for name in ("old", "new")]
    for link, found in zip(links, (both[0], both[-1]), strict=True):
        link.parent.mkdir()
        link.symlink_to(found.path)
    old, new = links
    redis = EmbeddedRedis(home / "redis")
    monkeypatch.setenv("PATH", str(old.parent))
    assert increment(redis) == 1
    monkeypatch.setenv("PATH", f"{new.parent}:{old.parent}")
    assert increment(redis) == 2
    assert read_last_server(redis.directory) == both[0]._replace(path=old)
    old.unlink()
    assert increment(redis) == 3
    assert read_last_server(redis.directory) == both[-1]._replace(path=new)
    assert f"{old}, {both[0].describe()}, ran on the data" in caplog.text
