"""The clients that are connected, and what all of them together may hold in memory."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from rtd.common.errors import FrameTooLarge
from rtd.common.malloc_tuning import give_back_memory
from rtd.rpc.core.connection import ClientConnection
from rtd.rpc.core.peer_credentials import Peer
from rtd.rpc.core.request_queue import LARGE_READ_BYTES

#: Clients at once, and those of the group among them: root and the daemon's user still get in.
MAX_CLIENTS: Final = 500
MAX_MEMBERS: Final = 400
#: Incomplete frames of the clients of the group, and of the others; in memory they are there twice.
HALF_FRAMES_BYTES: Final = 64 << 20
#: Answers that the clients of the group have not read.
UNREAD_BYTES: Final = 64 << 20
#: So long after the last large frame or answer its memory goes back to the system.
QUIET_S: Final = 10.0


class ConnectedClients:
    """The clients of one control socket.

    Args:
        frame_bytes: returns the current limit on frames.
    """

    def __init__(self, frame_bytes: Callable[[], int]) -> None:
        self._frame_bytes = frame_bytes
        self._clients: set[ClientConnection] = set()
        self._loop = asyncio.get_running_loop()
        self._grew_at = 0.0
        self._trim: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._clients)

    def add(self, client: ClientConnection) -> None:
        """Add one that has connected."""
        self._clients.add(client)

    def discard(self, client: ClientConnection) -> None:
        """Remove one whose connection has ended."""
        self._clients.discard(client)

    def limit_for(self, peer: Peer) -> int | None:
        """Return how many clients of this kind may connect, if so many are connected already."""
        most = MAX_CLIENTS if peer.is_owner else MAX_MEMBERS
        if len(self._clients) < most:
            return None
        count = len(self._clients) if peer.is_owner else len(self._of(is_owner=False))
        return most if count >= most else None

    def limit_memory(self) -> None:
        """Close the connections with the oldest incomplete frames, and those with the most unread
        answers, while all of them together are too large."""
        self._grew_at = self._loop.time()
        if self._trim is None:
            self._trim = self._loop.call_later(QUIET_S, self._give_back)
        for is_owner in (False, True):
            self._limit_half_frames(self._of(is_owner=is_owner))
        self._limit_unread(self._of(is_owner=False))

    def close(self) -> None:
        """Close all connections once everything written is sent."""
        if self._trim is not None:
            self._trim.cancel()
        for client in list(self._clients):
            client.close()

    def _give_back(self) -> None:
        """Give back the memory of large frames and answers, when none has come for a while."""
        self._trim = None
        quiet_s = self._loop.time() - self._grew_at
        if quiet_s < QUIET_S:
            self._trim = self._loop.call_later(QUIET_S - quiet_s, self._give_back)
        else:
            give_back_memory()

    def _of(self, *, is_owner: bool) -> list[ClientConnection]:
        return [client for client in self._clients if client.is_owner == is_owner]

    def _limit_half_frames(self, clients: Iterable[ClientConnection]) -> None:
        large = [client for client in clients if client.pending_bytes > LARGE_READ_BYTES]
        total_bytes = sum(client.pending_bytes for client in large)
        limit_bytes = max(HALF_FRAMES_BYTES, 2 * self._frame_bytes())
        if total_bytes <= limit_bytes:
            return
        for client in sorted(large, key=lambda one: one.stalls_at):
            if total_bytes <= limit_bytes:
                return
            total_bytes -= client.pending_bytes
            client.refuse(
                FrameTooLarge(
                    "the clients have sent too many large frames in part; send less at once, or"
                    " try again later"
                )
            )

    def _limit_unread(self, clients: Iterable[ClientConnection]) -> None:
        unread = [client for client in clients if client.unread_bytes > LARGE_READ_BYTES]
        total_bytes = sum(client.unread_bytes for client in unread)
        if total_bytes <= UNREAD_BYTES:
            return
        for client in sorted(unread, key=lambda one: one.unread_bytes, reverse=True):
            if total_bytes <= UNREAD_BYTES:
                return
            total_bytes -= client.unread_bytes
            client.abort("the clients do not read their answers, and this one has the most unread")
