"""Whether the other end of a connection has gone, without a read."""

import select
import socket


def has_closed(connection: socket.socket) -> bool:
    """Check whether the peer has closed its end; bytes that it has sent before may be unread."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLRDHUP)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))
