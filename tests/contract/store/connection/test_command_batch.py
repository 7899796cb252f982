"""Commands that many tasks send at once go in one round trip."""

import asyncio

import pytest

from rtd.common.errors import StoreError, StoreGone
from rtd.store.connection import command_batch
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.connection.command_batch import CommandBatch
from rtd.store.embedded.server import EmbeddedRedis
from rtd.supervisor.core.jobs import Jobs
from tests.contract.store.connection.test_async_connection import run


class CountingTrips:
    """A connection that counts its round trips."""

    def __init__(self, link: AsyncRedisConnection) -> None:
        self._link = link
        self.trips: list[int] = []

    async def execute_all(self, *calls: RedisCommand) -> list[object]:
        self.trips.append(len(calls))
        return await self._link.execute_all(*calls)


def batch_of(link: object) -> CommandBatch:
    return CommandBatch(link, Jobs().start)  # type: ignore[arg-type]


def echo(number: int) -> RedisCommand:
    return RedisCommand(("ECHO", str(number)))


def test_each_caller_has_its_own_replies(
    shared_redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_batch, "MOST", 100)

    async def work(link: AsyncRedisConnection) -> None:
        counted = CountingTrips(link)
        batch = batch_of(counted)
        calls = [batch.execute_all(echo(i), echo(-i)) for i in range(120)]
        found = await asyncio.gather(*calls)
        assert found == [[str(i).encode(), str(-i).encode()] for i in range(120)]
        assert counted.trips == [100, 100, 40]
        assert await batch.execute(echo(7)) == b"7"

    run(work, shared_redis.url)


def test_a_command_that_is_refused_harms_no_other(shared_redis: EmbeddedRedis) -> None:
    async def work(link: AsyncRedisConnection) -> None:
        batch = batch_of(link)
        calls = [batch.execute(echo(1)), batch.execute(RedisCommand(("NO SUCH",)))]
        first, refused, last = await asyncio.gather(
            *calls, batch.execute(echo(2)), return_exceptions=True
        )
        assert (first, last) == (b"1", b"2")
        assert isinstance(refused, StoreError)

    run(work, shared_redis.url)


def test_all_callers_hear_that_redis_is_gone(shared_redis: EmbeddedRedis) -> None:
    async def work(link: AsyncRedisConnection) -> None:
        batch = batch_of(link)
        await link.close()
        found = await asyncio.gather(*[batch.execute(echo(i)) for i in range(3)],
                                     return_exceptions=True)  # fmt: skip
        assert [type(one) for one in found] == [StoreGone] * 3

    run(work, shared_redis.url)


def test_a_caller_that_has_gone_harms_no_other(shared_redis: EmbeddedRedis) -> None:
    async def work(link: AsyncRedisConnection) -> None:
        batch = batch_of(link)
        gone = asyncio.ensure_future(batch.execute(echo(1)))
        other = asyncio.ensure_future(batch.execute(echo(2)))
        await asyncio.sleep(0)
        gone.cancel()
        assert await other == b"2"

    run(work, shared_redis.url)
