"""One blocking connection to the daemon. Used by one thread at a time.

Uses `_socket`, the C half of `socket`: the Python half would cost every `rtctl` 6 ms for enums
and selectors that are not used here. In a program that gevent or eventlet has patched it uses their
sockets, so that other coroutines go on while one waits for an answer.
"""

from __future__ import annotations

import _socket
import sys
from struct import pack

from rtctl.client.errors import DaemonUnreachable, unreachable_error
from rtctl.core.check_listener import check_folder, check_listener
from rtctl.core.deadline import ENDLESS_S, GRACE_S, Deadline, deadline_of
from rtctl.generated.verb_table import ANSWERS_WITHIN_S
from rtd.common.errors import WaitTimeout
from rtd.common.version import VERSION
from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from rtd.protocol.frames import Notification, Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_READ_BYTES = 256 << 10
#: How long the daemon may take for an answer that it gives at once.
ANSWER_S = 60.0
#: How long a daemon may take to accept a connection.
CONNECT_S = 10.0
CLIENT = f"rtctl {VERSION}"


class ConnectionLost(DaemonUnreachable):
    """The daemon went away before it answered."""


class DaemonConnection:
    """A connection that is greeted with the first request.

    Args:
        path: the control socket.
        is_named: the caller has named it, so the daemon may be another user's.
        connect_s: how long the daemon may take to accept the connection.

    Attributes:
        listener_uid: the daemon's user.

    Raises:
        DaemonUnreachable, NotPermitted, ConfigError: with what was tried.
    """

    def __init__(self, path: str, is_named: bool = True, connect_s: float = CONNECT_S) -> None:
        self.path = path
        if not is_named:
            check_folder(path)
        self._decoder = Decoder(4 * frames.LIMIT_BYTES, frames.value_hook)
        self._messages: Iterator[frames.Message] = iter(())
        kind = _socket_class()
        self._sock = kind(_socket.AF_UNIX, _socket.SOCK_STREAM)
        self._last_id = 1
        self._greeted = False
        self._unanswered = 0
        self._early: dict[int, Response] = {}
        # connect() on a full backlog blocks, and with a timeout of Python it would not wait at all.
        timeout = pack("@ll", int(connect_s), int(connect_s % 1 * 1e6))
        self._sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDTIMEO, timeout)
        if kind is not _socket.socket:
            self._sock.settimeout(connect_s)
        try:
            self._sock.connect(path)
        except OSError as error:
            self._sock.close()
            raise unreachable_error(path, error) from None
        try:
            self.listener_uid = check_listener(self._sock, path, is_named)
        except BaseException:
            self._sock.close()
            raise

    def is_idle(self) -> bool:
        """Check whether another request may be sent: no answer is due, the daemon is there."""
        if self._unanswered:
            return False
        try:
            # With a timeout Python would wait for something to read in spite of the flags.
            self._sock.setblocking(False)
            self._sock.recv(1, _socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False  # the end, or bytes that answer no request

    def mark_answered(self) -> None:
        """Note that the answer to one request has been read."""
        self._unanswered -= 1

    def close(self) -> None:
        """Close the connection. A stream that is still going ends."""
        self._sock.close()

    def send(self, method: str, params: dict[str, Any], until: Deadline | None = None) -> int:
        """Send a request. Returns its id.

        Args:
            until: when to give up; None: after a minute.
        """
        self._last_id += 1
        self._unanswered += 1
        data = frames.encode_request(self._last_id, method, params)
        if not self._greeted:
            hello = {"version": frames.VERSION, "client": CLIENT}
            data = frames.encode_request(1, "hello", hello) + data
            self._greeted = True
        self._send_all(data, until or Deadline(ANSWER_S))
        return self._last_id

    def _send_all(self, data: bytes, until: Deadline) -> None:
        try:
            self._sock.settimeout(until.left_s)
            self._sock.sendall(data)
        except TimeoutError:
            raise no_answer(self.path, until.limit_s) from None
        except OSError:
            # The reason may be waiting to be read: a refusal comes before any request.
            self._raise_refusal()
            raise self._lost() from None

    def _raise_refusal(self) -> None:
        try:
            self.receive(Deadline(1.0))
        except (ConnectionLost, WaitTimeout):
            return

    def call(self, method: str, params: dict[str, Any], until: Deadline | None = None) -> Any:
        """Send a request and wait for its answer.

        Args:
            until: when to give up; None: as `answer_limit_s` says.

        Raises:
            ConnectionLost: the daemon went away; it may have carried out the request or not.
            RtdError: the daemon's answer is an error.
        """
        msgid = self.send(method, params, until)
        return self.receive_answer(msgid, until or deadline_of(answer_limit_s(method, params)))

    def receive_answer(self, msgid: int, until: Deadline | None) -> Any:
        """Return the result of a sent request; the daemon may answer in another order."""
        while (message := self._early.pop(msgid, None)) is None:
            found = self.receive(until)
            if isinstance(found, Response):
                self._early[found.msgid] = found
        self.mark_answered()
        if message.error is not None:
            raise message.error
        return message.result

    def receive(self, until: Deadline | None) -> Response | Notification:
        """Return the next message. Checks the answer to the greeting and skips it.

        Args:
            until: when to give up; None: never.

        Raises:
            ConnectionLost: the daemon went away.
            RtdError: the daemon refused the greeting or the whole connection.
        """
        while True:
            for message in self._messages:
                if isinstance(message, Notification):
                    return message
                if isinstance(message, Response):
                    if message.msgid > 1:
                        return message
                    if message.error is not None:
                        raise message.error
            self._messages = self._decoder.feed(self._read(until))

    def wait_closed(self) -> None:
        """Return when the daemon has closed the connection."""
        try:
            while True:
                self.receive(None)
        except ConnectionLost:
            return

    def _read(self, until: Deadline | None) -> bytes:
        try:
            self._sock.settimeout(None if until is None else until.left_s)
            data = self._sock.recv(_READ_BYTES)
        except TimeoutError:
            assert until is not None
            raise no_answer(self.path, until.limit_s) from None
        except OSError:
            data = b""
        if not data:
            raise self._lost()
        return data

    def _lost(self) -> ConnectionLost:
        return ConnectionLost(
            f"rtd closed the connection ({self.path}) before it answered: it ended or restarts; "
            "`rtctl ping` tells whether it is back"
        )


def _socket_class() -> type[_socket.socket]:
    """Return what makes sockets: the class of a patch, if there is one, also a later one."""
    module = sys.modules.get("socket")
    kind = _socket.socket if module is None else module.socket
    return _socket.socket if kind.__module__ == "socket" else kind


def no_answer(path: str, limit_s: float) -> WaitTimeout:
    """Return the error about a daemon that hangs."""
    return WaitTimeout(
        f"rtd is there ({path}) but did not answer within {limit_s:g} s; its log may say why"
    )


def answer_limit_s(method: str, params: dict[str, Any]) -> float | None:
    """Return how long the answer to a request may take; None: as long as it takes.

    A daemon that hangs is an error, a run that takes long is none.
    """
    limit_s = ANSWERS_WITHIN_S.get(method, ANSWER_S)
    if limit_s is None and params.get("timeout_s") is not None:
        limit_s = float(params["timeout_s"]) + GRACE_S
        return limit_s if limit_s < ENDLESS_S else None
    return limit_s
