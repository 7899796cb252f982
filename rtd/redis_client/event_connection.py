"""A connection that waits until a stream of events grows. Not for several threads."""

import contextlib
import math
from time import monotonic
from typing import Final

from rtd.common.errors import StoreRefusal
from rtd.model.events.event_cursor import OLDEST
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection import codec
from rtd.store.events.waiting_connection import WaitingConnection

#: A blocked read is renewed this often, and with it that a client follows.
BLOCK_MS: Final = 30_000


class EventConnection(WaitingConnection):
    """Reads events, and between two reads may wait for more.

    Args:
        url: of the Redis.
        commands: of the namespace.
        reply_timeout_s: how long a reply may take before the server counts as gone.

    Attributes:
        is_waiting: Redis has been told to answer when a stream grows; `fileno` becomes readable.
    """

    def __init__(
        self, url: str, commands: StoreCommands, *, reply_timeout_s: float = codec.REPLY_S
    ) -> None:
        super().__init__(url, reply_timeout_s=reply_timeout_s)
        self._commands = commands
        self._newest = (OLDEST, OLDEST)
        self._said_s = -math.inf
        self._late_s = 0.0
        self.is_waiting = False

    def close(self) -> None:
        """End the connection, and a wait with it."""
        self.is_waiting, self._said_s = False, -math.inf
        super().close()

    def mark(self, node: str) -> None:
        """Note the newest entries of both streams: the next wait is for those behind them. Says
        that this node follows the events. Raises StoreGone, StoreError."""
        if monotonic() - self._said_s > BLOCK_MS / 1000:
            # A Redis that takes no writes has no new runs either; it may be read.
            with contextlib.suppress(StoreRefusal):
                self.execute(self._commands.follow(node))
                self._said_s = monotonic()
        page = self.execute(self._commands.newest_events(1))
        own, users = (part[-1][0] if part else OLDEST for part in (page.own, page.users))
        self._newest = (own, users)

    def begin_wait(self) -> None:
        """Begin to wait until a stream has entries behind the mark, half a minute at most. Raises
        StoreGone."""
        call = self._commands.wait_both(*self._newest, BLOCK_MS)
        self._send(codec.pack_command(call))
        self._late_s = monotonic() + BLOCK_MS / 1000 + self.reply_timeout_s
        self.is_waiting = True

    @property
    def wait_limit_s(self) -> float:
        """The seconds after which a server that has not answered counts as gone."""
        return max(self._late_s - monotonic(), 0.0)

    def end_wait(self, timeout_s: float | None) -> bool:
        """Return whether the wait is over: a stream has grown, or half a minute has passed.

        Raises:
            StoreGone: the connection is lost.
            StoreError: Redis refused it.
        """
        left_s = self.wait_limit_s
        limit_s = left_s if timeout_s is None else min(timeout_s, left_s)
        reply = self._next_reply("XREAD", limit_s)
        if reply is codec.INCOMPLETE:
            if monotonic() >= self._late_s:
                raise self._gone(f"Redis at {self.address} has not answered in time")
            return False
        self.is_waiting = False
        return True
