"""The zygote's end of the stream to the supervisor. It never waits and never gives up."""

import errno
import socket
from pathlib import Path
from typing import Final

from rtd.common.errors import RtdError
from rtd.protocol import frames

__all__ = ["SupervisorConnection"]

_FIRST_RETRY_S: Final = 0.005
_LAST_RETRY_S: Final = 0.2
_READ_BYTES: Final = 256 << 10
#: What waits, beside the hello, for a supervisor that does not read; beyond it the link is made
#: anew, and the hello that follows says all of it in few words.
_BACKLOG_BYTES: Final = 16 << 20


class SupervisorConnection:
    """A non-blocking MessagePack-RPC stream of notifications.

    Args:
        path: the socket that the supervisor listens on, now or later.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._decoder = frames.Decoder()
        self._unsent = bytearray()
        self._most_bytes = _BACKLOG_BYTES
        #: Seconds until the next try to connect makes sense.
        self.retry_s = _FIRST_RETRY_S

    @property
    def connected(self) -> bool:
        """Whether there is a supervisor at the other end, as far as we know."""
        return self._socket is not None

    @property
    def wants_write(self) -> bool:
        """Whether something waits until the socket takes more."""
        return bool(self._unsent)

    def fileno(self) -> int:
        """For a selector; only while connected."""
        assert self._socket is not None
        return self._socket.fileno()

    def connect(self) -> bool:
        """One try. Afterwards `retry_s` says how long to wait for the next: 5 to 200 ms."""
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.setblocking(False)
        try:
            peer.connect(str(self._path))
        except OSError as error:
            peer.close()
            # Nobody there, or not ready: all of these pass. Others do too, when the operator
            # acts, and a zygote that gave up would take its executors' statuses with it.
            slow = error.errno not in (errno.ENOENT, errno.ECONNREFUSED, errno.EAGAIN)
            self.retry_s = _LAST_RETRY_S if slow else min(self.retry_s * 2, _LAST_RETRY_S)
            return False
        self._socket = peer
        self._decoder = frames.Decoder()
        self._unsent.clear()
        self.retry_s = _FIRST_RETRY_S
        return True

    def send(self, method: str, params: dict[str, object]) -> None:
        """Send a notification, now or as soon as the socket takes it. Dropped without a link."""
        if self._socket is not None:
            frame = frames.encode_notification(method, params)
            if method == "hello":
                # It must come through whatever its size (100,000 tasks: 21 MB), or each new
                # link would end like the one before.
                self._most_bytes = _BACKLOG_BYTES + len(frame)
            self._unsent += frame
            self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it."""
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
        """What has come. Closes the link when the supervisor is gone or sends no frames."""
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
        """Before the end of the process: send what waits, for at most so long."""
        if self._socket is not None:
            self._socket.settimeout(timeout_s)
            self.flush()
            self.close()

    def close(self) -> None:
        """Drop the link and what was not sent."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._unsent.clear()
