"""Whether the other end of a connection has gone, without a read."""

import asyncio
import select
import socket
from collections.abc import Callable
from typing import Final

#: How often it is checked whether a client whose requests are not read has gone.
HANG_UP_S: Final = 1.0


def has_closed(connection: socket.socket) -> bool:
    """Check whether the peer has closed its end; bytes that it has sent before may be unread."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLRDHUP)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))


class ClosedPeerCheck:
    """Closes the connection of a client that has gone while its requests are not read: its end is
    only seen where bytes are read.

    Args:
        transport: the connection.
        is_held: whether its requests are not read now.
    """

    def __init__(self, transport: asyncio.Transport, is_held: Callable[[], bool]) -> None:
        self._transport = transport
        self._is_held = is_held
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Check once a second, for as long as requests are not read."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HANG_UP_S, self._check)

    def stop(self) -> None:
        """Check no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        self._timer = None
        if not self._is_held() or self._transport.is_closing():
            return
        if has_closed(self._transport.get_extra_info("socket")):
            self._transport.abort()
        else:
            self.start()
