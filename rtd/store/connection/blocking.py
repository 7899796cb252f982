"""The blocking connection of executors and of short-lived programs.

Speaks RESP through hiredis directly, because a round trip costs a fifth of what it costs
through redis-py. Never repeats a command by itself: the caller knows whether that is safe, and
what to look up first.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self

import hiredis

from rtd.common.errors import StoreGone
from rtd.common.stdlib.originals import os, select, socket, time
from rtd.config.redis_url import parse_url
from rtd.store.connection import codec
from rtd.store.connection.blocking_reader import receive_replies
from rtd.store.connection.command import RedisCommand
from rtd.store.connection.open_socket import limit_waits, open_socket

_BACKOFF_S: Final = (0.005, 0.2)  # between attempts to connect: from ... to ...
_LONGEST_POLL_S: Final = 86_400.0


class PollResult(NamedTuple):
    """How a poll on a bell ended. `answered`: Redis replied and the wait is over; `token` is the
    token that came, None at the server's time-out. `ready`: which of the extra fds are readable."""

    answered: bool
    token: bytes | None
    ready: tuple[int, ...]


class RedisConnection:
    """One connection to Redis. Not for several threads, not over a fork.

    After `StoreGone` it is closed, and it is unknown whether the commands on their way were
    carried out: `reconnect`, then find out (`StoreCommands.mine`).

    Args:
        url: see `rtd.config.redis_url.parse_url`.
        reply_timeout_s: how long a reply may take before the server counts as gone.
    """

    def __init__(self, url: str, *, reply_timeout_s: float = 60.0) -> None:
        self.address = parse_url(url)
        self.url = url
        self.reply_timeout_s = self._limit_s = reply_timeout_s
        self._sock: socket.socket | None = None
        self._reader = codec.new_reader()
        self._bell: str | None = None
        self._side: RedisConnection | None = None

    @classmethod
    def connect(cls, url: str, *, timeout_s: float = 10.0, reply_timeout_s: float = 60.0) -> Self:
        """Return a new connection that is open. Raises as `reconnect` does."""
        link = cls(url, reply_timeout_s=reply_timeout_s)
        link.reconnect(timeout_s)
        return link

    def reconnect(self, timeout_s: float = 10.0) -> None:
        """Connect and log in, trying again and again for `timeout_s` seconds.

        Raises:
            StoreGone: no server answered in that time.
            StoreError: the server refuses the log-in. Not tried again.
        """
        self.close()
        until = time.monotonic() + timeout_s
        wait_s, most_s = _BACKOFF_S
        while True:
            try:
                self.connect_once(max(0.01, until - time.monotonic()))
                return
            except StoreGone:
                left_s = until - time.monotonic()
                if left_s <= 0:
                    raise
                time.sleep(min(wait_s, left_s))
                wait_s = min(most_s, wait_s * 2)

    def connect_once(self, timeout_s: float) -> None:
        """Connect and log in. Raises as `reconnect` does, after one try."""
        try:
            self._sock = open_socket(self.address, timeout_s)
            self._limit_waits(min(self.reply_timeout_s, max(codec.LOGIN_S, timeout_s)))
        except OSError as error:
            self.close()
            raise codec.unreachable(self.address, error) from None
        self._reader = codec.new_reader()
        commands = codec.login_commands(self.address)
        try:
            self._send(b"".join(codec.pack_args(c) for c in commands))
            codec.check_login(self.address, self._receive(len(commands)))
            self._limit_waits(self.reply_timeout_s)
        except StoreGone as error:
            self.close()
            raise codec.lost_in_login(self.address, error) from None
        except BaseException:
            self.close()
            raise

    def _limit_waits(self, limit_s: float) -> None:
        self._limit_s = limit_s
        limit_waits(self._need(), self.address, limit_s)

    @property
    def connected(self) -> bool:
        """Whether no loss has been noticed."""
        return self._sock is not None

    def fileno(self) -> int:
        """Return the socket's fd. Raises StoreGone when there is none."""
        return self._need().fileno()

    def close(self) -> None:
        """End the connection, and a wait on a bell with it."""
        self._bell = None
        if self._side is not None:
            self._side.close()
            self._side = None
        if self._sock is not None:
            # Not its own `close`: a forked child that calls a function copies the pages of it.
            fd, self._sock = self._sock.detach(), None
            if fd >= 0:
                os.closerange(fd, fd + 1)  # raises nothing

    def abandon(self) -> None:
        """Forget the connection: other code has closed its descriptor, or has a file there."""
        self._need().detach()
        self._sock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def execute_all(self, *calls: RedisCommand) -> list[Any]:
        """Send all commands, if any, at once and return their results, in order: one round trip.

        If the server does not know a script (it restarted), sends the script again in full, after
        the other commands of this trip.

        Raises:
            StoreGone: the connection is lost or the server is not ready; see the class.
            StoreError: the server refused a command; the others have been carried out.
        """
        if self._bell is not None:
            raise RuntimeError("a wait on a bell is pending: cancel it first")
        if not calls:
            return []  # there is no reply to wait for
        try:
            self._send(b"".join([codec.pack_command(call) for call in calls]))
            replies = self._receive(len(calls))
            unknown = codec.unknown_scripts(replies)
            if unknown:
                self._send(b"".join([codec.pack_script(calls[i]) for i in unknown]))
                for i, reply in zip(unknown, self._receive(len(unknown)), strict=True):
                    replies[i] = reply
        except BaseException:
            # After any interruption (a signal's exception too) replies may be on their way.
            self.close()
            raise
        try:
            return codec.parse_replies(calls, replies, self.address)
        except StoreGone:
            self.close()
            raise

    def execute(self, call: RedisCommand) -> Any:
        """Return the result of one command. Raises as `execute_all` does."""
        return self.execute_all(call)[0]

    def blpop_start(self, key: str, timeout_s: float = 0.0) -> None:
        """Start to wait for a token on a list; the server waits `timeout_s`, 0 = for ever."""
        if self._bell is not None:
            raise RuntimeError("a wait on a bell is pending already")
        self._send(codec.pack_args(("BLPOP", key, timeout_s)))
        self._bell = key

    def blpop_poll(self, timeout_s: float | None, extra_fds: Sequence[int] = ()) -> PollResult:
        """Wait for the token or for one of the fds, at most `timeout_s` (None = for ever).

        Raises StoreGone on loss. May be called again until `answered`.
        """
        sock = self._need()
        if self._bell is None:
            raise RuntimeError("no wait on a bell has been started")
        poller = select.poll()
        for fd in (sock.fileno(), *extra_fds):
            poller.register(fd, select.POLLIN)
        # poll(2) takes 2^31 ms at most: the caller may poll again.
        events = poller.poll(
            None if timeout_s is None else max(0.0, min(timeout_s, _LONGEST_POLL_S) * 1000)
        )
        ready = tuple(fd for fd, _ in events if fd != sock.fileno())
        if len(ready) == len(events):
            return PollResult(False, None, ready)
        return PollResult(True, self._bell_reply(), ready)

    def blpop_cancel(self) -> bytes | None:
        """End the wait, so that `execute` works again. Return the token if one came meanwhile.

        Rings the bell itself through a second connection. If a token came first, that ring
        stays on the list: a wake-up without work, harmless.
        """
        if self._bell is None:
            return None
        try:
            if self._side is None:
                self._side = RedisConnection.connect(self.url, timeout_s=5.0)
            self._side.execute(RedisCommand(("RPUSH", self._bell, b"")))
            return self._bell_reply()
        except BaseException:
            self.close()
            raise

    def _bell_reply(self) -> bytes | None:
        reply = self._receive(1)[0]
        self._bell = None
        if isinstance(reply, hiredis.ReplyError):
            raise self._gone(codec.refusal("BLPOP", reply, self.address).sentence)
        return None if reply is None else reply[1]

    def _need(self) -> socket.socket:
        if self._sock is None:
            raise StoreGone(f"not connected to Redis at {self.address}")
        return self._sock

    def _gone(self, why: str) -> StoreGone:
        self.close()
        return StoreGone(why)

    def _send(self, data: bytes) -> None:
        try:
            self._need().sendall(data)
        except OSError as error:
            raise self._gone(f"lost Redis at {self.address}: {error}") from None

    def _receive(self, count: int) -> list[Any]:
        try:
            return receive_replies(self._need(), self._reader, count, self._limit_s, self.address)
        except StoreGone:
            self.close()
            raise
