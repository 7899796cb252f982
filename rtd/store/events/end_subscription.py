"""A connection that hears of the ends of runs. Not for several threads."""

from collections import deque
from collections.abc import Sequence

import hiredis

from rtd.common.errors import StoreGone
from rtd.store.connection import codec
from rtd.store.events.waiting_connection import WaitingConnection


class EndSubscription(WaitingConnection):
    """Waits for messages of channels."""

    def __init__(self, url: str, *, reply_timeout_s: float = codec.REPLY_S) -> None:
        super().__init__(url, reply_timeout_s=reply_timeout_s)
        self._early: deque[str] = deque()

    def subscribe(self, channels: Sequence[str]) -> None:
        """Subscribe to channels; Redis has done so before it carries out what is sent later.

        Raises:
            StoreGone: the connection is lost.
            StoreError: Redis refused it.
        """
        self._send(codec.pack_args(("SUBSCRIBE", *channels)))
        left = len(channels)
        while left:
            reply = self._receive(1)[0]
            if isinstance(reply, hiredis.ReplyError):
                raise codec.refusal("SUBSCRIBE", reply, self.address)
            if reply[0] == b"subscribe":
                left -= 1
            else:
                self._early.append(reply[1].decode())

    @property
    def has_early(self) -> bool:
        """Whether messages are here that came while it subscribed."""
        return bool(self._early)

    def next_channel(self, timeout_s: float | None) -> str | None:
        """Return the channel of the next message; None: there was none in time.

        Raises:
            StoreGone: the connection is lost.
        """
        if self._early:
            return self._early.popleft()
        reply = self._next_reply("SUBSCRIBE", timeout_s)
        if reply is codec.INCOMPLETE:
            return None
        if not isinstance(reply, list) or len(reply) < 2:
            raise StoreGone(f"Redis at {self.address} sent what is no message")
        return str(reply[1].decode())
