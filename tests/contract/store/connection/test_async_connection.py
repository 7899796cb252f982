"""The asyncio link: many callers, one socket, back again after a loss."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from rtd.common.errors import StoreError, StoreGone
from rtd.store.connection import async_, async_protocol
from rtd.store.connection.async_ import TOKENS_LOST, AsyncRedisConnection
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.server import EmbeddedRedis
from tests.contract.store.connection.test_blocking_connection import kill
from tests.contract.store.harness import Store
from tests.helpers.deadline import until_async

PING = RedisCommand(("PING",))


def run(work: Callable[[AsyncRedisConnection], Awaitable[Any]], url: str) -> None:
    """Runs a test's work with a connected link, for at most 20 s."""

    async def main() -> None:
        link = await AsyncRedisConnection.connect(url)
        try:
            async with asyncio.timeout(20):
                await work(link)
        finally:
            await link.close()

    asyncio.run(main())


def test_many_callers_each_get_their_own_replies(shared_redis: EmbeddedRedis) -> None:
    async def work(link: AsyncRedisConnection) -> None:
        async def caller(number: int) -> None:
            calls = [RedisCommand(("ECHO", f"{number}.{i}")) for i in range(number % 7 + 1)]
            expected = [f"{number}.{i}".encode() for i in range(number % 7 + 1)]
            assert await link.execute_all(*calls) == expected

        await asyncio.gather(*[caller(i) for i in range(200)])

    run(work, shared_redis.url)


def test_no_commands_have_no_replies(shared_redis: EmbeddedRedis) -> None:
    async def work(link: AsyncRedisConnection) -> None:
        assert await link.execute_all() == []

    run(work, shared_redis.url)
    with RedisConnection.connect(shared_redis.url) as blocking:
        assert blocking.execute_all() == []


def test_scripts_that_the_server_forgot_are_told_again(store: Store) -> None:
    async def work(link: AsyncRedisConnection) -> None:
        await link.execute(RedisCommand(("SCRIPT", "FLUSH")))
        ids = store.submit(2)
        await link.execute(RedisCommand(("SCRIPT", "FLUSH")))
        take = store.calls.take("n", "E1", "process", 5, store.now_ms, enroll=True)
        pong, took = await link.execute_all(PING, take)
        assert (pong, [leased.id for leased in took.runs]) == (b"PONG", ids)

    run(work, store.link.url)


def test_a_refused_call_does_not_disturb_others(shared_redis: EmbeddedRedis) -> None:
    async def work(link: AsyncRedisConnection) -> None:
        wrong = link.execute(RedisCommand(("NOSUCHCOMMAND",)))
        right = link.execute(PING)
        answers = await asyncio.gather(wrong, right, return_exceptions=True)
        assert isinstance(answers[0], StoreError)
        assert answers[1] == b"PONG"

    run(work, shared_redis.url)


def test_a_caller_that_gives_up_does_not_shift_the_replies_of_others(
    shared_redis: EmbeddedRedis,
) -> None:
    async def work(link: AsyncRedisConnection) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await link.execute(RedisCommand(("BLPOP", "nothing", 0.05)))
        assert await link.execute(RedisCommand(("ECHO", "mine"))) == b"mine"

    run(work, shared_redis.url)


def test_waiters_of_a_lost_connection_are_told_and_the_link_comes_back(
    redis: EmbeddedRedis,
) -> None:
    async def work(link: AsyncRedisConnection) -> None:
        waiting = asyncio.create_task(link.execute(RedisCommand(("BLPOP", "nothing", 0))))
        await link.execute(RedisCommand(("SET", "a", "1")))
        kill(redis)
        with pytest.raises(StoreGone, match="lost Redis"):
            await waiting
        await until_async(lambda: not link.connected.is_set())
        with pytest.raises(StoreGone, match="not connected"):
            await link.execute(PING)
        redis.start()
        await link.connected.wait()
        assert await link.execute(RedisCommand(("GET", "a"))) == b"1"

    run(work, redis.url)


def test_rings_come_in_their_order_and_begin_with_a_warning(shared_redis: EmbeddedRedis) -> None:
    async def work(link: AsyncRedisConnection) -> None:
        heard: list[bytes] = []
        rings = link.notifications("ringing")
        assert await anext(rings) == [TOKENS_LOST]
        with RedisConnection.connect(shared_redis.url) as other:
            other.execute(RedisCommand(("RPUSH", "ringing", *[str(i) for i in range(50)])))
        while len(heard) < 50:
            heard += await anext(rings)
        assert heard == [str(i).encode() for i in range(50)]
        await rings.aclose()  # type: ignore[attr-defined]

    run(work, shared_redis.url)


def test_rings_warn_again_after_a_lost_connection(redis: EmbeddedRedis) -> None:
    async def work(link: AsyncRedisConnection) -> None:
        rings = link.notifications("ringing")
        assert await anext(rings) == [TOKENS_LOST]
        after = asyncio.create_task(anext(rings))  # type: ignore[arg-type]
        with RedisConnection.connect(redis.url) as other:
            info = RedisCommand(("INFO", "clients"))
            await until_async(
                lambda: b"blocked_clients:1" in other.execute(info), what="it listens"
            )
        kill(redis)
        redis.start()
        assert await after == [TOKENS_LOST]
        with RedisConnection.connect(redis.url) as other:
            other.execute(RedisCommand(("RPUSH", "ringing", "x")))
        assert await anext(rings) == [b"x"]
        await rings.aclose()  # type: ignore[attr-defined]

    run(work, redis.url)


def test_a_missing_server_is_an_error_after_the_time_that_was_given(home: Path) -> None:
    async def main() -> None:
        with pytest.raises(StoreGone, match=r"no Redis at unix://.*none.sock for 0\.1 s"):
            await AsyncRedisConnection.connect(f"unix://{home}/none.sock", timeout_s=0.1)

    asyncio.run(main())


def test_a_wrong_password_is_said_at_once(shared_redis: EmbeddedRedis) -> None:
    async def main() -> None:
        with pytest.raises(StoreError, match="refused AUTH"):
            await AsyncRedisConnection.connect(shared_redis.url.replace("unix://", "unix://:x@"))

    asyncio.run(main())


def test_a_closed_link_says_so(shared_redis: EmbeddedRedis) -> None:
    async def main() -> None:
        link = await AsyncRedisConnection.connect(shared_redis.url)
        await link.close()
        with pytest.raises(StoreGone, match="not connected"):
            await link.execute(PING)

    asyncio.run(main())


@pytest.mark.parametrize(("blocks_s", "lines"), [(0.0, 1), (30.0, 0)])
def test_a_late_reply_is_a_line_in_the_log_unless_its_command_waits_in_redis(
    shared_redis: EmbeddedRedis,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    blocks_s: float,
    lines: int,
) -> None:
    """The reading of events that followers of a quiet daemon wait for is no silence of Redis."""
    monkeypatch.setattr(async_, "SLOW_S", 0.05)
    monkeypatch.setattr(async_protocol, "_CHECK_S", 0.02)

    async def main() -> None:
        link = await AsyncRedisConnection.connect(shared_redis.url, blocks_s=blocks_s)
        assert await link.execute(RedisCommand(("BLPOP", "nothing comes here", 0.3))) is None
        await link.close()

    asyncio.run(main())
    assert [record.message for record in caplog.records] == [
        "Redis has not answered for 0 s"
    ] * lines
