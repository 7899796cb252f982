"""In one turn of the loop little begins and little is read; members do not use up the turns of
root and the daemon's user."""

import asyncio
from collections.abc import Callable

from rtd.rpc.core.request_queue import (
    CANCELS,
    LARGE_READ_BYTES,
    LATE_READ_BYTES,
    READ_BYTES,
    STARTS,
    TURN_BYTES,
    RequestQueue,
)


def test_a_request_of_the_owner_begins_at_once_however_many_of_members_wait() -> None:
    async def main() -> None:
        queue, begun = RequestQueue(), []
        for number in range(50):
            queue.begin(False, lambda number=number: begun.append(number))  # type: ignore[misc]
        assert begun == list(range(STARTS))
        await asyncio.sleep(0)  # a turn that the members use up again
        queue.begin(True, lambda: begun.append("owner"))
        assert begun[-1] == "owner"
        assert len(begun) < 3 * STARTS
        while len(begun) < 51:
            await asyncio.sleep(0)

    asyncio.run(main())


def test_what_members_read_does_not_slow_the_owner() -> None:
    async def main() -> None:
        queue = RequestQueue()
        assert queue.read_size(False, 0) == READ_BYTES
        assert queue.read_size(False, READ_BYTES) == LARGE_READ_BYTES
        queue.on_read(False, TURN_BYTES, 1)
        assert queue.read_size(False, 0) == LATE_READ_BYTES
        assert queue.read_size(True, 0) == LARGE_READ_BYTES
        assert not queue.read_later(True, lambda: 0)

    asyncio.run(main())


def test_members_that_send_a_great_deal_read_in_turns() -> None:
    async def main() -> None:
        queue, order, turn = RequestQueue(), [], 0

        def reader(name: int) -> Callable[[], int]:
            def read_on() -> int:
                order.append((turn, name))
                return LARGE_READ_BYTES

            return read_on

        assert not queue.read_later(False, reader(-1))
        queue.on_read(False, TURN_BYTES, 1)
        for name in range(12):
            assert queue.read_later(False, reader(name))
        while len(order) < 12:
            turn += 1
            await asyncio.sleep(0)
        assert [name for _, name in order] == list(range(12))
        turns = [at for at, _ in order]
        assert max(map(turns.count, turns)) == TURN_BYTES // LARGE_READ_BYTES

    asyncio.run(main())


def test_many_small_messages_count_as_much_as_large_reads() -> None:
    async def main() -> None:
        queue = RequestQueue()
        queue.on_read(False, 16 << 10, 3000)
        assert queue.read_size(False, 0) == LATE_READ_BYTES

    asyncio.run(main())


def test_the_requests_of_clients_that_go_are_cancelled_some_at_a_time() -> None:
    async def main() -> None:
        queue = RequestQueue()
        tasks = [asyncio.ensure_future(asyncio.sleep(60)) for _ in range(3 * CANCELS)]
        await asyncio.sleep(0)
        queue.cancel(tasks)
        over = []
        while sum(over) < len(tasks):
            before = sum(task.done() for task in tasks)
            await asyncio.sleep(0)
            over.append(sum(task.done() for task in tasks) - before)
        assert max(over) == CANCELS
        assert all(task.cancelled() for task in tasks)

    asyncio.run(main())
