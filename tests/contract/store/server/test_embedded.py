"""The private Redis: found, started, kept, taken over, synced, stopped."""

import asyncio
import os
import signal
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rtd.common.errors import ConfigError, StoreError
from rtd.process.tree.file_writer import find_writer
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.append_only_file import AppendOnlyFiles
from rtd.store.embedded.find_server import ServerProgram
from rtd.store.embedded.keep_alive import keep_alive, sync_each_second
from rtd.store.embedded.server import EmbeddedRedis
from rtd.supervisor.lifecycle import redis_server as lifecycle
from rtd.supervisor.lifecycle.redis_server import end_unreachable
from tests.contract.store.connection.test_blocking_connection import kill
from tests.helpers.deadline import until, until_async

PING = RedisCommand(("PING",))


async def keep(redis: EmbeddedRedis) -> None:
    """Keep it alive and its files synced, as the daemon does, until cancelled."""
    with ThreadPoolExecutor(1) as thread:
        await asyncio.gather(keep_alive(redis, thread), sync_each_second(redis, thread))


def config(link: RedisConnection, name: str) -> str:
    value: bytes = link.execute(RedisCommand(("CONFIG", "GET", name)))[1]
    return value.decode()


def test_it_listens_on_a_socket_that_only_its_user_can_reach(redis: EmbeddedRedis) -> None:
    assert stat.S_IMODE(redis.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(redis.directory.stat().st_mode) == 0o700
    with RedisConnection.connect(redis.url) as link:
        assert config(link, "port") == "0"
        assert config(link, "appendonly") == "yes"
        assert config(link, "appendfsync") == "no"
        assert config(link, "save") == ""


def test_durability_always_is_passed_on(home: Path, server: ServerProgram) -> None:
    redis = EmbeddedRedis(home / "redis", server=server, durability="always")
    redis.start()
    with RedisConnection.connect(redis.url) as link:
        assert config(link, "appendfsync") == "always"
    redis.stop()


def test_an_unknown_durability_is_refused(home: Path) -> None:
    with pytest.raises(ConfigError, match="'process' or 'always', not 'some'"):
        EmbeddedRedis(home, durability="some")


def test_data_outlives_a_stop_and_a_kill(redis: EmbeddedRedis) -> None:
    with RedisConnection.connect(redis.url) as link:
        link.execute(RedisCommand(("SET", "a", "1")))
    kill(redis)
    redis.start()
    with RedisConnection.connect(redis.url) as link:
        assert link.execute(RedisCommand(("INCR", "a"))) == 2
    redis.stop()
    assert not redis.socket.exists()
    redis.start()
    with RedisConnection.connect(redis.url) as link:
        assert link.execute(RedisCommand(("GET", "a"))) == b"2"


def test_a_running_one_is_taken_over_and_can_be_stopped(redis: EmbeddedRedis) -> None:
    second = EmbeddedRedis(redis.directory)
    assert second.start() is False
    with RedisConnection.connect(second.url) as link:
        assert link.execute(PING) == b"PONG"
    second.stop()
    assert redis._process is not None
    assert redis._process.wait(5) == 0


def test_stop_is_fine_when_it_is_gone_already(redis: EmbeddedRedis) -> None:
    kill(redis)
    redis.stop()
    redis.stop()


def test_a_hung_server_of_ours_is_killed_by_stop(redis: EmbeddedRedis) -> None:
    assert redis._process is not None
    process = redis._process
    with RedisConnection.connect(redis.url) as link:
        link.execute(RedisCommand(("SET", "a", "1")))
    process.send_signal(signal.SIGSTOP)
    redis.stop(timeout_s=0.2)
    assert process.returncode == -signal.SIGKILL


def test_it_is_started_again_when_it_dies(redis: EmbeddedRedis) -> None:
    async def main() -> None:
        keeping = asyncio.create_task(keep(redis))
        link = await AsyncRedisConnection.connect(redis.url)
        await link.execute(RedisCommand(("SET", "a", "1")))
        for _ in range(3):
            assert redis._process is not None
            redis._process.kill()
            await link._protocol.lost  # type: ignore[union-attr]
            await until_async(lambda: not link.connected.is_set())
            await link.connected.wait()
            assert await link.execute(RedisCommand(("GET", "a"))) == b"1"
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await link.close()

    asyncio.run(asyncio.wait_for(main(), 30))


def test_one_that_was_taken_over_is_started_again_too(redis: EmbeddedRedis) -> None:
    second = EmbeddedRedis(redis.directory, server=redis._server)
    second.start()

    async def main() -> None:
        keeping = asyncio.create_task(keep(second))
        link = await AsyncRedisConnection.connect(second.url)
        kill(redis)
        await until_async(lambda: not link.connected.is_set())
        await link.connected.wait()
        assert await link.execute(PING) == b"PONG"
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await link.close()

    asyncio.run(asyncio.wait_for(main(), 30))
    second.stop()


def rejected(link: RedisConnection) -> int:
    stats: str = link.execute(RedisCommand(("INFO", "stats"))).decode()
    return int(stats.split("rejected_connections:")[1].split(maxsplit=1)[0])


def test_one_that_has_no_connection_left_is_not_taken_for_dead(redis: EmbeddedRedis) -> None:
    with RedisConnection.connect(redis.url) as link:
        link.execute(RedisCommand(("CONFIG", "SET", "maxclients", 1)))
        assert redis._process is not None
        pid = redis._process.pid

        async def main() -> None:
            keeping = asyncio.create_task(keep(redis))
            await until_async(lambda: rejected(link) >= 2)  # turned away twice, it looked on
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

        asyncio.run(asyncio.wait_for(main(), 20))
        assert redis._process is not None
        assert redis._process.pid == pid
        assert link.execute(PING) == b"PONG"
        link.execute(RedisCommand(("CONFIG", "SET", "maxclients", 100)))


def test_only_written_data_is_synced(redis: EmbeddedRedis) -> None:
    files = AppendOnlyFiles(redis.directory)

    def synced() -> int:
        """How many files were, and that it is known beforehand whether there are any."""
        grown = files.has_grown()
        count = files.sync()
        assert grown or not count
        assert not files.has_grown()
        return count

    with RedisConnection.connect(redis.url) as link:
        link.execute(RedisCommand(("SET", "a", "1")))
        assert synced() >= 1
        assert synced() == 0
        link.execute(RedisCommand(("SET", "a", "2")))
        assert synced() == 1
        link.execute(RedisCommand(("BGREWRITEAOF",)))
        until(lambda: rewritten(link), what="the rewrite of the append-only file")
        assert synced() >= 1
        link.execute(RedisCommand(("SET", "a", "3")))
        assert synced() == 1
        assert synced() == 0


def rewritten(link: RedisConnection) -> bool:
    info = link.execute(RedisCommand(("INFO", "persistence"))).decode()
    idle = "aof_rewrite_in_progress:0" in info and "aof_rewrite_scheduled:0" in info
    return idle and "aof_last_bgrewrite_status:ok" in info


def test_it_is_synced_each_second_while_it_is_kept(
    redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RedisConnection.connect(redis.url) as link:
        link.execute(RedisCommand(("SET", "a", "1")))
    redis.sync()
    synced = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (synced.append(fd), real(fd)))

    async def main() -> None:
        keeping = asyncio.create_task(keep(redis))
        link = await AsyncRedisConnection.connect(redis.url)
        await link.execute(RedisCommand(("SET", "a", "2")))
        await until_async(lambda: synced)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await link.close()

    asyncio.run(asyncio.wait_for(main(), 10))


def test_a_server_that_cannot_start_says_what_it_said(home: Path, server: ServerProgram) -> None:
    redis = EmbeddedRedis(home / "redis", server=server)
    redis.start()
    with RedisConnection.connect(redis.url) as link:
        link.execute(RedisCommand(("SET", "a", "1" * 1000)))
    redis.stop()
    (broken,) = [
        *redis.directory.glob("appendonlydir/*.incr.aof"),
        *redis.directory.glob("appendonly.aof"),
    ]
    broken.write_bytes(b"this is no append-only file")
    with pytest.raises(
        StoreError, match=r"ended at once \(exit 1; .*redis.log ends with: .*AOF|append"
    ):
        redis.start()


def test_it_ends_though_its_socket_was_deleted(redis: EmbeddedRedis) -> None:
    redis.socket.unlink()
    redis.stop(timeout_s=5.0)
    assert redis.start()


def writer_of(redis: EmbeddedRedis) -> int | None:
    found = find_writer(redis.directory, "appendonly")
    return None if found is None else found.pid


def test_a_server_whose_socket_is_gone_is_ended_before_another_starts(
    redis: EmbeddedRedis,
) -> None:
    with RedisConnection.connect(redis.url) as link:
        link.execute(RedisCommand(("SET", "a", "1")))
        redis.socket.unlink()
        first = redis._process
        assert first is not None
        assert writer_of(redis) == first.pid
        second = EmbeddedRedis(redis.directory, end_unreachable=end_unreachable)
        assert second.start() is True
        assert first.wait(5) == 0
    with RedisConnection.connect(second.url) as link:
        assert link.execute(RedisCommand(("GET", "a"))) == b"1"
    assert second._process is not None
    assert writer_of(redis) == second._process.pid
    second.stop()
    assert find_writer(redis.directory, "appendonly") is None


def test_a_hung_server_whose_socket_is_gone_is_killed(
    redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "_ENDS_S", 2.0)
    first = redis._process
    assert first is not None
    first.send_signal(signal.SIGSTOP)
    redis.socket.unlink()
    second = EmbeddedRedis(redis.directory, end_unreachable=end_unreachable)
    assert second.start() is True
    assert first.wait(5) == -signal.SIGKILL
    second.stop()


def test_stop_ends_a_server_of_an_earlier_rtd_whose_socket_is_gone(redis: EmbeddedRedis) -> None:
    redis.socket.unlink()
    EmbeddedRedis(redis.directory, end_unreachable=end_unreachable).stop()
    assert redis._process is not None
    assert redis._process.wait(5) == 0


def test_a_shell_in_the_directory_is_no_server(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    path = tmp_path / "appendonlydir" / "appendonly.aof.1"
    path.touch()
    with path.open("rb") as file:
        reader = subprocess.Popen(["sleep", "60"], cwd=tmp_path, stdin=file)
    try:
        assert find_writer(tmp_path, "appendonly") is None
    finally:
        reader.kill()
        reader.wait()
