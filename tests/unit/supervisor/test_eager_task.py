"""A coroutine that was started by hand goes on in a task, and is cancelled as any other."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from rtd.supervisor.core.eager_task import start_now


def test_it_begins_at_once_and_goes_on_in_a_task() -> None:
    steps: list[str] = []

    async def work() -> None:
        steps.append("begun")
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        steps.append("over")

    async def main() -> None:
        task = start_now(work())
        assert steps == ["begun"]
        assert task is not None
        await task

    asyncio.run(main())
    assert steps == ["begun", "over"]


def test_one_that_never_waits_needs_no_task() -> None:
    async def work() -> None:
        pass

    async def main() -> None:
        assert start_now(work()) is None

    asyncio.run(main())


def test_cancelled_before_its_first_step_it_gives_back_what_it_holds() -> None:
    """A client may go in the same turn of the loop in which its request came."""
    semaphore_free: list[bool] = []

    async def main() -> None:
        semaphore = asyncio.Semaphore(1)

        @contextlib.asynccontextmanager
        async def turn() -> AsyncIterator[None]:
            async with semaphore:
                yield

        async def work() -> None:
            async with turn():
                await asyncio.sleep(60)

        holds = start_now(work())
        waits = start_now(work())
        assert holds is not None
        assert waits is not None
        for task in (waits, holds):
            task.cancel()
        await asyncio.wait((holds, waits))
        assert holds.cancelled()
        assert waits.cancelled()
        semaphore_free.append(not semaphore.locked())
        async with asyncio.timeout(5), turn():
            assert semaphore.locked()

    asyncio.run(main())
    assert semaphore_free == [True]
