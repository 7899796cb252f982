"""The zygote's end of the stream to the supervisor; it never waits and never gives up."""

import errno
from pathlib import Path
from typing import Final

from rtd.common.errors import RtdError
from rtd.common.stdlib.originals import socket
from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from rtd.protocol.zygote_messages import HelloReport, ZygoteMessage, encode

__all__ = ["SupervisorConnection"]

_FIRST_RETRY_S: Final = 0.005
_LAST_RETRY_S: Final = 0.2
_READ_BYTES: Final = 256 << 10
#: The most that waits, beside the hello, for a supervisor that does not read. Beyond it the
#: connection is made again, and the hello that follows says all of it in less.
_BACKLOG_BYTES: Final = 16 << 20


class SupervisorConnection:
    """A non-blocking MessagePack-RPC stream of notifications.

    Args:
        path: the socket that the supervisor listens on, now or later.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._decoder = Decoder()
        self._unsent = bytearray()
        self._most_bytes = _BACKLOG_BYTES
        #: Seconds until the next try to connect makes sense.
        self.retry_s = _FIRST_RETRY_S

    @property
    def connected(self) -> bool:
        """Whether there is a supervisor at the other end, as far as this end knows."""
        return self._socket is not None

    @property
    def wants_write(self) -> bool:
        """Whether a frame waits until the socket takes more."""
        return bool(self._unsent)

    def fileno(self) -> int:
        """Return the socket's descriptor, for a selector; only while connected."""
        assert self._socket is not None
        return self._socket.fileno()

    def connect(self) -> bool:
        """Try once. Afterwards `retry_s` says how long to wait for the next try: 5 to 200 ms."""
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.setblocking(False)
        try:
            peer.connect(str(self._path))
        except OSError as error:
            peer.close()
            # No supervisor, or not ready: all of these pass. Others do too, when the operator
            # acts, and a zygote that gave up would take its executors' statuses with it.
            slow = error.errno not in (errno.ENOENT, errno.ECONNREFUSED, errno.EAGAIN)
            self.retry_s = _LAST_RETRY_S if slow else min(self.retry_s * 2, _LAST_RETRY_S)
            return False
        self._socket = peer
        self._decoder = Decoder()
        self._unsent.clear()
        self.retry_s = _FIRST_RETRY_S
        return True

    def send(self, report: ZygoteMessage) -> None:
        """Send a report, now or as soon as the socket takes it. Dropped without a connection."""
        if self._socket is not None:
            frame = encode(report)
            if isinstance(report, HelloReport):
                # It must come through at any size (100,000 tasks: 21 MB), or each new
                # link would end like the one before.
                self._most_bytes = _BACKLOG_BYTES + len(frame)
            self._unsent += frame
            self.flush()

    def flush(self) -> None:
        """Send the waiting frames, as far as the socket takes them."""
        while self._socket is not None and self._unsent:
            try:
                sent = self._socket.send(self._unsent)
            except BlockingIOError:
                if len(self._unsent) > self._most_bytes:
                    self.close()
                return
            except OSError:
                self.close()
                return
            del self._unsent[:sent]

    def receive(self) -> list[frames.Notification]:
        """Return the messages that have come. Closes the connection when the supervisor is gone or
        sends no frames."""
        if self._socket is None:
            return []
        try:
            data = self._socket.recv(_READ_BYTES)
            got = list(self._decoder.feed(data))
        except BlockingIOError:
            return []
        except (OSError, RtdError):
            data, got = b"", []
        if not data:
            self.close()
        return [message for message in got if isinstance(message, frames.Notification)]

    def flush_and_close(self, timeout_s: float) -> None:
        """Send the waiting frames before the process ends, for at most so long."""
        if self._socket is not None:
            self._socket.settimeout(timeout_s)
            self.flush()
            self.close()

    def close(self) -> None:
        """Drop the connection and the frames that were not sent."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._unsent.clear()
