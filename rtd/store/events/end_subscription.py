"""A connection that hears of the ends of runs. Not for several threads."""

import select
from collections.abc import Sequence
from typing import Final

import hiredis

from rtd.common.errors import StoreGone
from rtd.store.connection import codec
from rtd.store.connection.blocking import RedisConnection

_CHUNK: Final = 1 << 16
_LONGEST_POLL_S: Final = 86_400.0


class EndSubscription(RedisConnection):
    """Waits for messages of channels. It waits with the `select` of the process it is in, which an
    app may have replaced, so that other coroutines of such an app go on."""

    def __init__(self, url: str, *, reply_timeout_s: float = codec.REPLY_S) -> None:
        super().__init__(url, reply_timeout_s=reply_timeout_s)
        self._early: list[str] = []

    def subscribe(self, channels: Sequence[str]) -> None:
        """Subscribe to channels; Redis has done so before it carries out what is sent later.

        Raises:
            StoreGone: the connection is lost.
            StoreError: Redis refused it.
        """
        self._early.clear()
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

    def next_channel(self, timeout_s: float | None) -> str | None:
        """Return the channel of the next message; None: there was none in time.

        Raises:
            StoreGone: the connection is lost.
        """
        if self._early:
            return self._early.pop(0)
        while (reply := self._reader.gets()) is codec.INCOMPLETE:
            if not self._readable(timeout_s):
                return None
            try:
                data = self._need().recv(_CHUNK)
            except OSError as error:
                raise self._gone(f"lost Redis at {self.address}: {error}") from None
            if not data:
                raise self._gone(f"Redis at {self.address} closed the connection")
            try:
                self._reader.feed(data)
            except (hiredis.ProtocolError, MemoryError) as error:
                raise self._gone(f"lost Redis: {codec.describe_garbage(error)}") from None
        if not isinstance(reply, list) or len(reply) < 2:
            raise StoreGone(f"Redis at {self.address} sent what is no message")
        return str(reply[1].decode())

    def _readable(self, timeout_s: float | None) -> bool:
        sock = self._need()
        pending = getattr(sock, "pending", None)  # of TLS: what it has decrypted already
        if pending is not None and pending():
            return True
        poller = select.poll()
        poller.register(sock.fileno(), select.POLLIN)
        wait_ms = None if timeout_s is None else min(timeout_s, _LONGEST_POLL_S) * 1000
        return bool(poller.poll(wait_ms))
