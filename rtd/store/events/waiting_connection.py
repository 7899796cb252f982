"""A connection that waits for what Redis sends at some time. Not for several threads."""

import select
from typing import Any, Final

import hiredis

from rtd.store.connection import codec
from rtd.store.connection.blocking import RedisConnection

_CHUNK: Final = 1 << 16
_LONGEST_POLL_S: Final = 86_400.0


class WaitingConnection(RedisConnection):
    """Waits with the `select` of the process it is in, which an app may have replaced, so that
    other coroutines of such an app go on."""

    def _next_reply(self, what: str, timeout_s: float | None) -> Any:
        """Return the next reply to a command; `codec.INCOMPLETE`: nothing whole came in time.

        Raises:
            StoreGone: the connection is lost.
            StoreError: Redis refused it.
        """
        while (reply := self._reader.gets()) is codec.INCOMPLETE:
            if not self._readable(timeout_s):
                break
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
        if isinstance(reply, hiredis.ReplyError):
            raise codec.refusal(what, reply, self.address)
        return reply

    def _readable(self, timeout_s: float | None) -> bool:
        sock = self._need()
        pending = getattr(sock, "pending", None)  # of TLS: what it has decrypted already
        if pending is not None and pending():
            return True
        poller = select.poll()
        poller.register(sock.fileno(), select.POLLIN)
        wait_ms = None if timeout_s is None else min(timeout_s, _LONGEST_POLL_S) * 1000
        return bool(poller.poll(wait_ms))
