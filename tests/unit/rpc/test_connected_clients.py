"""What all clients together may hold is bounded, and those of the group do not use up what root
and the daemon's user have."""

import asyncio
from typing import Any

import pytest

from rtd.common.errors import FrameTooLarge
from rtd.protocol import frames
from rtd.rpc.core import connected_clients
from rtd.rpc.core.connected_clients import ConnectedClients
from rtd.rpc.core.connection import ClientConnection
from tests.helpers.socket_pair import MEMBER, OWNER, Server, connect, run

PART = b"\x94\x00\x02\xa6submit\x91\xc6\x00\xff\xff\xff" + bytes(300_000)


async def long_answer(_: ClientConnection, request: frames.Request) -> Any:
    """Answer with as many bytes as the client wants."""
    return bytes(request.params["size"])


def test_the_clients_that_read_least_go_when_too_much_is_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connected_clients, "UNREAD_BYTES", 16 << 20)

    async def main() -> None:
        server = Server()
        owner, _, owner_ended = await connect(long_answer, OWNER, server)
        await owner.send(frames.encode_request(1, "result", {"size": 20 << 20}))
        some = [await connect(long_answer, MEMBER, server) for _ in range(6)]
        for number, (client, _, _) in enumerate(some):
            size = (4 << 20) + number
            await client.send(frames.encode_request(1, "result", {"size": size}))
        await asyncio.wait([asyncio.ensure_future(ended.wait()) for _, _, ended in some[4:]])
        assert [ended.is_set() for _, _, ended in some] == [False] * 4 + [True] * 2
        assert not owner_ended.is_set()
        for number, (client, _, _) in enumerate(some[:4]):
            assert len((await client.receive()).result) == (4 << 20) + number
        assert len((await owner.receive()).result) == 20 << 20

    run(main)


def test_half_frames_of_members_end_none_of_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connected_clients, "HALF_FRAMES_BYTES", 1 << 20)

    async def main() -> None:
        server = Server(limit_bytes=512 << 10)
        owner, _, owner_ended = await connect(long_answer, OWNER, server)
        await owner.send(PART)
        some = [await connect(long_answer, MEMBER, server) for _ in range(5)]
        for client, _, _ in some:
            await client.send(PART)
        for client, _, ended in some[:2]:
            assert isinstance((await client.receive()).error, FrameTooLarge)
            await ended.wait()
        assert not any(ended.is_set() for _, _, ended in some[2:])
        assert not owner_ended.is_set()

    run(main)


def test_members_leave_room_for_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connected_clients, "MAX_CLIENTS", 4)
    monkeypatch.setattr(connected_clients, "MAX_MEMBERS", 3)

    def full(clients: ConnectedClients) -> tuple[int | None, int | None]:
        return clients.limit_for(MEMBER), clients.limit_for(OWNER)

    async def main() -> None:
        server = Server()
        await connect(long_answer, OWNER, server)
        for _ in range(2):
            await connect(long_answer, MEMBER, server)
        assert full(server.clients) == (None, None)
        await connect(long_answer, MEMBER, server)
        assert full(server.clients) == (3, 4)

    run(main)
