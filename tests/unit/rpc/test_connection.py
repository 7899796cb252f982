"""Connections of members of the group: what they hold is bounded, and given back at once."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from rtd.common.errors import FrameTooLarge, NoSuchRun, RtdError
from rtd.protocol import frames
from rtd.protocol.large_frames import MAX_VALUES
from rtd.rpc.core.connection import ClientConnection
from rtd.rpc.core.peer_credentials import Peer
from tests.helpers.socket_pair import MEMBER, OWNER, Client, Server, connect, run

LARGE = frames.LARGE_BYTES + 1


@contextmanager
def no_collection() -> Iterator[None]:
    """What becomes free here is freed by its last reference."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_while_a_large_request_of_a_member_goes_on_no_other_of_it_begins() -> None:
    begun: list[int] = []
    gates = {number: asyncio.Event() for number in range(1, 6)}

    async def handle(_: ClientConnection, request: frames.Request) -> int:
        begun.append(request.msgid)
        await gates[request.msgid].wait()
        return request.msgid

    async def main() -> None:
        client, _, _ = await connect(handle)
        sizes = {1: 1, 2: LARGE, 3: 1, 4: LARGE, 5: 1}
        await client.send(
            *[frames.encode_request(n, "show", {"x": "x" * s}) for n, s in sizes.items()]
        )
        while len(begun) < 2:
            await asyncio.sleep(0)
        gates[1].set()
        assert (await client.receive()).msgid == 1
        for _ in range(20):  # turns in which another could begin
            await asyncio.sleep(0)
        assert begun == [1, 2]
        for number in (2, 3, 4, 5):
            gates[number].set()
        answers = [(await client.receive()).msgid for _ in range(4)]
        assert sorted(answers) == [2, 3, 4, 5]
        assert begun == [1, 2, 3, 4, 5]

    run(main)


def test_after_a_large_wait_the_next_requests_begin_while_it_waits() -> None:
    async def handle(_: ClientConnection, request: frames.Request) -> int:
        if request.method == "wait":
            await asyncio.Event().wait()
        return len(request.params.get("runs", ""))

    async def main() -> None:
        client, _, _ = await connect(handle)
        many = ["x" * 26] * 1000
        await client.send(
            frames.encode_request(1, "wait", {"runs": many}),
            frames.encode_request(2, "kill", {"runs": many}),
        )
        answer = await client.receive()
        assert (answer.msgid, answer.result) == (2, 1000)

    run(main)


@pytest.mark.parametrize("peer", [MEMBER, OWNER])
def test_a_frame_of_too_many_values_ends_its_connection_alone(peer: Peer) -> None:
    async def handle(_: ClientConnection, request: frames.Request) -> int:
        return len(request.params["a"])

    async def main() -> None:
        server = Server()
        bad, _, ended = await connect(handle, peer, server)
        good, _, _ = await connect(handle, peer, server)
        many = [[]] * (MAX_VALUES - 20)
        await bad.send(frames.encode_request(1, "submit", {"a": [[]] * MAX_VALUES}))
        await good.send(frames.encode_request(1, "submit", {"a": many}))
        answer = await bad.receive()
        assert answer.msgid == 0
        assert isinstance(answer.error, FrameTooLarge)
        await ended.wait()
        assert (await good.receive()).result == len(many)

    run(main)


async def _malformed(client: Client) -> None:
    await client.send(b"\xc1")
    await client.receive()


async def _half_frame(client: Client) -> None:
    await client.send(b"\x94\x00\x02\xa6submit\x91\xc6\x00\xff\xff\xff", bytes(300_000))


async def _answered(client: Client) -> None:
    await client.send(frames.encode_request(1, "show", {"x": "x" * LARGE}))
    await client.receive()


async def _failed(client: Client) -> None:
    await client.send(frames.encode_request(1, "fail", {"x": "x" * LARGE}))
    await client.receive()


async def _waits(client: Client) -> None:
    await client.send(frames.encode_request(1, "group", {"x": "x" * LARGE}))


@pytest.mark.parametrize("what", [_malformed, _half_frame, _answered, _failed, _waits])
def test_a_connection_that_ends_is_freed_at_once(
    what: Callable[[Client], Awaitable[None]],
) -> None:
    """Its buffers are large; a collection may come minutes later, and takes long then."""
    begun = asyncio.Event()
    params: list[weakref.ref[Any]] = []

    class Kept(dict[str, Any]):
        """A map that can be watched."""

    async def handle(_: ClientConnection, request: frames.Request) -> None:
        kept = Kept(request.params)
        params.append(weakref.ref(kept))
        begun.set()
        if request.method == "fail":
            errors: list[RtdError] = [NoSuchRun("there is none")]
            for error in errors:
                raise error
        if request.method == "group":
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(60))

    async def main() -> None:
        client, connection, ended = await connect(handle)
        with no_collection():
            await what(client)
            if what in (_answered, _failed, _waits):
                await begun.wait()
            client.close()
            await ended.wait()
            for _ in range(5):  # the last references are of the loop
                await asyncio.sleep(0)
            assert connection() is None
            assert [kept() for kept in params] == [None] * len(params)

    run(main)


def test_large_requests_of_the_owner_begin_in_order_and_overlap() -> None:
    """As batches of submits do; a small one behind them does not overtake."""
    begun: list[int] = []
    gate = asyncio.Event()

    async def handle(_: ClientConnection, request: frames.Request) -> int:
        begun.append(request.msgid)
        if len(begun) < 3:
            await gate.wait()
        return request.msgid

    async def main() -> None:
        client, _, _ = await connect(handle, OWNER)
        sizes = {1: 300_000, 2: 70_000, 3: 300_000, 4: 1}
        requests = [frames.encode_request(n, "show", {"x": "x" * s}) for n, s in sizes.items()]
        sending = asyncio.ensure_future(client.send(*requests))
        while len(begun) < 2:
            await asyncio.sleep(0)
        for _ in range(20):  # turns in which the third could begin, or the last overtake it
            await asyncio.sleep(0)
        assert begun == [1, 2]
        gate.set()
        await sending
        assert sorted([(await client.receive()).msgid for _ in sizes]) == [1, 2, 3, 4]
        assert begun == [1, 2, 3, 4]

    run(main)
