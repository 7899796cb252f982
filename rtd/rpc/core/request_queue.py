"""The order in which the requests of all clients begin, so that none of them holds up the others.

In one turn of the event loop only a few requests begin; each connection has one that waits for its
turn, so the connections take turns. Of the large requests few go on at the same time. Root and the
daemon's own user come before the members of its group.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from rtd.common.errors import TooLarge

#: Requests that begin in one turn of the event loop: of root and the daemon's user, and of the
#: group.
STARTS: Final = 2
#: Bytes that either of both may have read in one turn; each message counts as so many more.
TURN_BYTES: Final = 256 << 10
MESSAGE_BYTES: Final = 128
#: The size of reads: of the owners, and of members in the middle of a large frame; of other
#: members; when as much as one turn may read has been read.
LARGE_READ_BYTES: Final = 64 << 10
READ_BYTES: Final = 16 << 10
LATE_READ_BYTES: Final = 256
#: Large requests that go on at the same time: of root and the daemon's user, and of the group.
LARGE_AT_ONCE: Final = 2
#: Requests of clients that have gone that are cancelled in one turn; one may have many.
CANCELS: Final = 50
#: Targets of all requests of the group that are worked on at the same time.
WORKERS: Final = 32
#: Bytes of the large requests that go on or wait.
LARGE_BYTES: Final = 64 << 20


class WaitingClients:
    """The requests that wait for a turn, and the readers: of the owners, or of the members."""

    def __init__(self) -> None:
        self.starts = STARTS
        self.bytes = TURN_BYTES
        self.requests: deque[Callable[[], None]] = deque()
        self.readers: deque[Callable[[], int]] = deque()

    def begin_turn(self) -> bool:
        """Begin what may begin now. Returns whether something did."""
        self.starts, self.bytes = STARTS, TURN_BYTES
        while self.starts and self.requests:
            self.starts -= 1
            self.requests.popleft()()
        left = TURN_BYTES
        while left > 0 and self.readers:
            left -= self.readers.popleft()()
        return self.starts < STARTS or left < TURN_BYTES


class RequestQueue:
    """The requests of all connections. To be made in the thread of the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._turns = {True: WaitingClients(), False: WaitingClients()}
        self._has_turn = False
        self._large_of_owners = asyncio.Semaphore(LARGE_AT_ONCE)
        self._large_of_members = asyncio.Semaphore(LARGE_AT_ONCE)
        self._large_bytes = 0
        self._gone: deque[asyncio.Task[None]] = deque()
        self._cancels = CANCELS
        #: What a member must hold while a request works on one of several targets.
        self.workers = asyncio.Semaphore(WORKERS)

    def begin(self, is_owner: bool, start: Callable[[], None]) -> None:
        """Call `start` at once, or in one of the next turns of the loop if many have begun in this
        one."""
        self._end_turn_later()
        turns = self._turns[is_owner]
        if turns.starts and not turns.requests:
            turns.starts -= 1
            start()
        else:
            turns.requests.append(start)

    def on_read(self, is_owner: bool, count: int, messages: int) -> None:
        """Count bytes, and messages in them, that a connection has read in this turn."""
        self._turns[is_owner].bytes -= count + messages * MESSAGE_BYTES
        self._end_turn_later()

    def read_size(self, is_owner: bool, pending_bytes: int) -> int:
        """Return how many bytes a connection should read now.

        Args:
            is_owner: it is one of root or of the daemon's user.
            pending_bytes: of its incomplete frame.
        """
        if self._turns[is_owner].bytes <= 0:
            return LATE_READ_BYTES
        is_small = pending_bytes < READ_BYTES and not is_owner
        return READ_BYTES if is_small else LARGE_READ_BYTES

    def read_later(self, is_owner: bool, read_on: Callable[[], int]) -> bool:
        """Let a connection that has more to read wait for its turn, if the others have read much.

        Args:
            is_owner: as above.
            read_on: called when its turn comes; returns how many bytes it may read then.

        Returns whether it must wait.
        """
        turns = self._turns[is_owner]
        if turns.bytes > 0 and not turns.readers:
            return False
        turns.readers.append(read_on)
        return True

    def cancel(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        """Cancel requests of a client that has gone: some now, others in the next turns."""
        self._gone.extend(tasks)
        self._end_turn_later()
        self._cancel_some()

    def _cancel_some(self) -> None:
        while self._gone and self._cancels:
            self._cancels -= 1
            self._gone.popleft().cancel()

    def _end_turn_later(self) -> None:
        if not self._has_turn:
            self._has_turn = True
            self._loop.call_soon(self._next_turn)

    def _next_turn(self) -> None:
        owners, members = (self._turns[is_owner].begin_turn() for is_owner in (True, False))
        self._cancels = CANCELS
        self._cancel_some()
        self._has_turn = owners or members or self._cancels < CANCELS
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
