"""The asyncio link: many callers, one socket, back again after a loss."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from rtd.common.errors import StoreError, StoreGone
from rtd.store.connection.async_ import LOST, AsyncLink
from rtd.store.connection.blocking import Link
from rtd.store.connection.command import Call
from rtd.store.embedded.server import Embedded
from tests.contract.store.harness import Store
from tests.contract.store.test_link import kill
from tests.helpers.deadline import soon

PING = Call(("PING",))


def run(work: Callable[[AsyncLink], Awaitable[Any]], url: str) -> None:
    """Runs a test's work with a connected link, for at most 20 s."""

    async def main() -> None:
        link = await AsyncLink.connect(url)
        try:
            async with asyncio.timeout(20):
                await work(link)
        finally:
            await link.close()

    asyncio.run(main())


def test_many_callers_each_get_their_own_replies(shared_redis: Embedded) -> None:
    async def work(link: AsyncLink) -> None:
        async def caller(number: int) -> None:
            calls = [Call(("ECHO", f"{number}.{i}")) for i in range(number % 7 + 1)]
            expected = [f"{number}.{i}".encode() for i in range(number % 7 + 1)]
            assert await link.call(*calls) == expected

        await asyncio.gather(*[caller(i) for i in range(200)])

    run(work, shared_redis.url)


def test_scripts_that_the_server_forgot_are_told_again(store: Store) -> None:
    async def work(link: AsyncLink) -> None:
        await link.one(Call(("SCRIPT", "FLUSH")))
        ids = store.submit(2)
        await link.one(Call(("SCRIPT", "FLUSH")))
        take = store.calls.take("n", "E1", "process", 5, store.now_ms, enroll=True)
        pong, took = await link.call(PING, take)
        assert (pong, [leased.id for leased in took.runs]) == (b"PONG", ids)

    run(work, store.link.url)


def test_a_refused_call_does_not_disturb_others(shared_redis: Embedded) -> None:
    async def work(link: AsyncLink) -> None:
        wrong = link.one(Call(("NOSUCHCOMMAND",)))
        right = link.one(PING)
        answers = await asyncio.gather(wrong, right, return_exceptions=True)
        assert isinstance(answers[0], StoreError)
        assert answers[1] == b"PONG"

    run(work, shared_redis.url)


def test_a_caller_that_gives_up_does_not_shift_the_replies_of_others(
    shared_redis: Embedded,
) -> None:
    async def work(link: AsyncLink) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await link.one(Call(("BLPOP", "nothing", 0.05)))
        assert await link.one(Call(("ECHO", "mine"))) == b"mine"

    run(work, shared_redis.url)


def test_waiters_of_a_lost_connection_are_told_and_the_link_comes_back(redis: Embedded) -> None:
    async def work(link: AsyncLink) -> None:
        waiting = asyncio.create_task(link.one(Call(("BLPOP", "nothing", 0))))
        await link.one(Call(("SET", "a", "1")))
        kill(redis)
        with pytest.raises(StoreGone, match="lost Redis"):
            await waiting
        await soon(lambda: not link.connected.is_set())
        with pytest.raises(StoreGone, match="not connected"):
            await link.one(PING)
        redis.start()
        await link.connected.wait()
        assert await link.one(Call(("GET", "a"))) == b"1"

    run(work, redis.url)


def test_rings_come_in_their_order_and_begin_with_a_warning(shared_redis: Embedded) -> None:
    async def work(link: AsyncLink) -> None:
        heard: list[bytes] = []
        rings = link.rings("ringing")
        assert await anext(rings) == [LOST]
        with Link.connect(shared_redis.url) as other:
            other.one(Call(("RPUSH", "ringing", *[str(i) for i in range(50)])))
        while len(heard) < 50:
            heard += await anext(rings)
        assert heard == [str(i).encode() for i in range(50)]
        await rings.aclose()  # type: ignore[attr-defined]

    run(work, shared_redis.url)


def test_rings_warn_again_after_a_lost_connection(redis: Embedded) -> None:
    async def work(link: AsyncLink) -> None:
        rings = link.rings("ringing")
        assert await anext(rings) == [LOST]
        after = asyncio.create_task(anext(rings))  # type: ignore[arg-type]
        with Link.connect(redis.url) as other:
            info = Call(("INFO", "clients"))
            await soon(lambda: b"blocked_clients:1" in other.one(info), what="it listens")
        kill(redis)
        redis.start()
        assert await after == [LOST]
        with Link.connect(redis.url) as other:
            other.one(Call(("RPUSH", "ringing", "x")))
        assert await anext(rings) == [b"x"]
        await rings.aclose()  # type: ignore[attr-defined]

    run(work, redis.url)


def test_nobody_there_is_said_after_the_time_that_was_given(home: Path) -> None:
    async def main() -> None:
        with pytest.raises(StoreGone, match=r"no Redis at unix://.*none.sock for 0\.1 s"):
            await AsyncLink.connect(f"unix://{home}/none.sock", timeout_s=0.1)

    asyncio.run(main())


def test_a_wrong_password_is_said_at_once(shared_redis: Embedded) -> None:
    async def main() -> None:
        with pytest.raises(StoreError, match="refused AUTH"):
            await AsyncLink.connect(shared_redis.url.replace("unix://", "unix://:x@"))

    asyncio.run(main())


def test_a_closed_link_says_so(shared_redis: Embedded) -> None:
    async def main() -> None:
        link = await AsyncLink.connect(shared_redis.url)
        await link.close()
        with pytest.raises(StoreGone, match="not connected"):
            await link.one(PING)

    asyncio.run(main())
