"""A streamed answer, which goes on over a restart of the daemon where it follows something."""

from __future__ import annotations

from rtctl.client.connection import ConnectionLost
from rtctl.core.deadline import Deadline
from rtd.common.errors import WaitTimeout
from rtd.protocol.frames import Notification

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Protocol

    from rtctl.client.connection import DaemonConnection
    from rtctl.core.stream_position import StreamPosition

    class ConnectionSource(Protocol):
        """The parts of a connection pool that a stream uses."""

        def reconnect(self) -> DaemonConnection: ...
        def release(self, connection: DaemonConnection) -> None: ...


def without_defaults(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a streamed request without `after` when it is not used: an older
    daemon does not know it."""
    return {name: v for name, v in params.items() if name != "after" or v is not None}


class PartStream:
    """The parts of a streamed answer, each once. `close` ends it sooner.

    An answer that follows a run or the events goes on over a restart of the daemon, as `wait` does.

    Attributes:
        answer: the answer that follows the last part; None before.
    """

    def __init__(
        self,
        pool: ConnectionSource,
        connection: DaemonConnection,
        method: str,
        position: StreamPosition | None,
    ) -> None:
        self.answer: Any = None
        self._pool = pool
        self._method = method
        self._position = position
        self._connection: DaemonConnection | None = connection

    def __iter__(self) -> Iterator[Any]:
        while (part := self.next_within(None)) is not None:
            yield part

    def next_within(self, seconds: float | None) -> Any:
        """Return the next part. None: none has come in so many seconds (it may be called again),
        or `answer` is set, or the stream is closed, and no more will come.

        A program that must say now and then that it is alive, such as a server of events, calls
        this instead of iterating. While a daemon restarts it may take longer, by the `reconnect_s`
        of the client.
        """
        until = None if seconds is None else Deadline(seconds)
        while self._connection is not None:
            try:
                message = self._connection.receive(until)
            except ConnectionLost:
                if self._position is None:
                    raise
                self._restart(self._position)
                continue
            except WaitTimeout:
                return None
            if isinstance(message, Notification):
                if self._position is None or self._position.advance(message.params):
                    return message.params
                continue
            self._connection.mark_answered()
            connection, self._connection = self._connection, None
            self._pool.release(connection)
            if message.error is not None:
                raise message.error
            self.answer = message.result
        return None

    def _restart(self, position: StreamPosition) -> None:
        """Go on with a daemon that has restarted, behind the last part."""
        self.close()
        while self._connection is None:
            connection = self._pool.reconnect()
            try:
                connection.send(self._method, without_defaults(position.params))
                self._connection = connection
            except ConnectionLost:  # one that was idle over the restart
                connection.close()

    def close(self) -> None:
        """Close the connection; the daemon stops sending."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        self.close()
