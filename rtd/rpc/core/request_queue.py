"""The order in which the requests of all clients begin, so that none of them holds up the others.

In one turn of the event loop only a few requests begin; each connection has one that waits for its
turn, so the connections take turns. Of the large requests few go on at the same time. Root and the
daemon's own user come before the members of its group.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from rtd.common.errors import TooLarge

#: Requests that begin in one turn of the event loop.
STARTS: Final = 2
#: Bytes that are read in one turn by full reads, and the size of the other reads.
TURN_BYTES: Final = 256 << 10
SMALL_READ_BYTES: Final = 4 << 10
#: Large requests that go on at the same time: of root and the daemon's user, and of the group.
LARGE_AT_ONCE: Final = 2
#: Bytes of the large requests that go on or wait.
LARGE_BYTES: Final = 64 << 20


class RequestQueue:
    """The requests of all connections. To be made in the thread of the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._owners: deque[Callable[[], None]] = deque()
        self._members: deque[Callable[[], None]] = deque()
        self._left = STARTS
        self._bytes_left = TURN_BYTES
        self._has_turn = False
        self._large_of_owners = asyncio.Semaphore(LARGE_AT_ONCE)
        self._large_of_members = asyncio.Semaphore(LARGE_AT_ONCE)
        self._large_bytes = 0

    def begin(self, is_owner: bool, start: Callable[[], None]) -> None:
        """Call `start` at once, or in one of the next turns of the loop if many have begun in this
        one."""
        self._end_turn_later()
        if self._left and not self._owners and (is_owner or not self._members):
            self._left -= 1
            start()
        else:
            (self._owners if is_owner else self._members).append(start)

    def on_read(self, count: int) -> None:
        """Count bytes that a connection has read in this turn of the loop."""
        self._bytes_left -= count
        self._end_turn_later()

    def read_size(self, most: int, pending_bytes: int) -> int:
        """Return how many bytes a connection should read now: `most`, or fewer when the clients
        send more than can be worked on.

        Args:
            most: the largest read.
            pending_bytes: of the connection's incomplete frame. Large frames come to their end one
                after the other: to build one takes milliseconds.
        """
        if self._bytes_left > 0:
            return most
        return SMALL_READ_BYTES if pending_bytes < most else 1

    def _end_turn_later(self) -> None:
        if not self._has_turn:
            self._has_turn = True
            self._loop.call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._left, self._bytes_left = STARTS, TURN_BYTES
        while self._left and (self._owners or self._members):
            self._left -= 1
            (self._owners or self._members).popleft()()
        self._has_turn = self._left < STARTS
        if self._has_turn:
            self._loop.call_soon(self._next_turn)

    def large(self, is_owner: bool) -> asyncio.Semaphore:
        """Return what a large request must hold while it goes on."""
        return self._large_of_owners if is_owner else self._large_of_members

    @contextlib.contextmanager
    def reserved(self, size: int) -> Iterator[None]:
        """Count the bytes of a large request while it waits or goes on.

        Raises:
            TooLarge: there are too many already.
        """
        if self._large_bytes and self._large_bytes + size > LARGE_BYTES:
            raise TooLarge(
                "the daemon has as many large requests as it takes at once; send less in one"
                " request, or try again later"
            )
        self._large_bytes += size
        try:
            yield
        finally:
            self._large_bytes -= size
