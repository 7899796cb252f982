"""Waiting for Redis, waits that grow, and steps that run once at a time."""

import asyncio

import pytest

from rtd.common.errors import StoreGone
from rtd.supervisor.core.jobs import Jobs, SingleFlight
from rtd.supervisor.core.retry import Backoff, retry_until_redis_answers


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    backoff = Backoff(0.5, 3.0)
    assert [backoff.next_s() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_a_success_brings_the_first_wait_back() -> None:
    backoff = Backoff(0.5, 3.0)
    backoff.next_s(), backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == 0.5


def test_no_wait_is_longer_than_the_longest_not_even_the_first() -> None:
    assert Backoff(5.0, 3.0).next_s() == 3.0


def test_a_step_is_repeated_once_redis_is_connected_again() -> None:
    async def go() -> list[str]:
        connected, steps = asyncio.Event(), []

        async def step() -> str:
            steps.append("connected" if connected.is_set() else "away")
            if not connected.is_set():
                asyncio.get_running_loop().call_soon(connected.set)
                raise StoreGone("gone")
            return "done"

        steps.append(await retry_until_redis_answers(connected, step))
        return steps

    assert asyncio.run(go()) == ["away", "connected", "done"]


def test_any_other_error_of_a_step_is_raised() -> None:
    async def step() -> None:
        raise ValueError("no matter of Redis")

    with pytest.raises(ValueError, match="no matter"):
        asyncio.run(retry_until_redis_answers(asyncio.Event(), step))


class Flight:
    """A flight whose step ends when it is let go, and what became of its steps."""

    def __init__(self) -> None:
        self.begun = 0
        self.running = 0
        self.most = 0
        self.fails = False
        self.gate = asyncio.Semaphore(0)
        self.jobs = Jobs()
        self.flight = SingleFlight(self.jobs, "a step", self._step)

    async def _step(self) -> None:
        self.begun += 1
        self.running += 1
        self.most = max(self.most, self.running)
        await self.gate.acquire()
        self.running -= 1
        if self.fails:
            raise ValueError("a fault")

    async def until_begun(self, count: int) -> None:
        async with asyncio.timeout(5):
            while self.begun < count:
                await asyncio.sleep(0)

    async def settle(self) -> None:
        """Let all that can run run."""
        for _ in range(10):
            await asyncio.sleep(0)


def test_requests_during_a_step_share_one_more_step() -> None:
    async def go() -> None:
        test = Flight()
        test.flight.request()
        await test.until_begun(1)
        test.flight.request()
        test.flight.request()
        test.gate.release()
        await test.until_begun(2)
        test.gate.release()
        await test.settle()
        assert (test.begun, test.most) == (2, 1)
        test.flight.request()
        await test.until_begun(3)
        await test.jobs.stop()

    asyncio.run(go())


def test_requests_before_the_step_has_begun_are_one() -> None:
    async def go() -> None:
        test = Flight()
        test.flight.request()
        test.flight.request()
        test.gate.release()
        await test.settle()
        assert test.begun == 1

    asyncio.run(go())


def test_a_request_during_a_step_that_fails_is_not_lost() -> None:
    async def go() -> None:
        test = Flight()
        test.fails = True
        test.flight.request()
        await test.until_begun(1)
        test.flight.request()
        test.gate.release()
        await test.until_begun(2)
        test.gate.release()
        await test.settle()
        assert test.begun == 2
        test.flight.request()
        await test.until_begun(3)
        await test.jobs.stop()

    asyncio.run(go())


def test_a_cancelled_step_is_never_run_again() -> None:
    async def go() -> None:
        test = Flight()
        test.flight.request()
        await test.until_begun(1)
        test.flight.request()
        await test.jobs.stop()
        test.flight.request()
        await test.settle()
        assert test.begun == 1

    asyncio.run(go())
