"""Queues runs of a known task in the daemon's own Redis, without the daemon in between.

The daemon offers this to clients that may use its Redis (`rtd.supervisor.runs.direct_submit`), and
sends a connection to those that cannot open it (`rtd.rpc.redis_connections`). Redis checks that the
offer still stands. In a case that this module does not handle it returns None, and the caller
submits through the daemon with the same run id, so that nothing is queued twice.
"""

from __future__ import annotations

import os
import socket
from time import monotonic, time

from rtctl.core.check_listener import check_listener, listener_uid
from rtd.common.errors import NotPermitted
from rtd.model.run_record import HEADERS, RunSpec
from rtd.model.run_template import RunTemplate
from rtd.protocol.frames import dump_value
from rtd.protocol.headers import headers_fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Sender = Callable[[tuple[str | bytes, ...]], bytes]

#: Redis answers in well under a millisecond; longer means that something is wrong with it.
_ANSWER_S = 2.0
#: No offer is used for longer, and no longer reply is read.
_MOST_VALID_S = 60.0
_MOST_REPLY_BYTES = 4096


class DirectSubmitter:
    """Holds the offers to one client, by task, and connections to Redis to use them.

    Args:
        send: sends a command to the Redis that the client has, and returns the short reply as Redis
            writes it, or nothing; None: an offer says where the daemon's Redis is.
    """

    def __init__(self, send: Sender | None = None) -> None:
        self._send = send
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}
        self._idle: list[socket.socket] = []
        self._pid = os.getpid()
        self._other_uid: int | None = None

    def store_offer(
        self, task: str, offer: dict[str, Any] | None, other_uid: int | None = None
    ) -> None:
        """Keep the offer that came with the answer to a submit; None: forget the last one.

        Args:
            other_uid: the daemon's user if that is neither root nor this one. Such a daemon could
                have this process send anything to any socket: only its own sockets are used.
        """
        self._other_uid = other_uid
        if offer is None:
            self._known.pop(task, None)
        else:
            # An earlier daemon gives no name: nothing checks that its offer stands.
            stands_s = offer["stands_s"] if offer.get("name") else offer["valid_s"]
            self._known[task] = (monotonic() + min(stands_s, _MOST_VALID_S), offer)

    def close(self) -> None:
        """Close the connections and forget all offers."""
        self._known.clear()
        while self._idle:
            self._idle.pop().close()

    def submit(
        self, task: str, run_id: str, params: Mapping[str, Any], headers: dict[str, Any]
    ) -> bool | None:
        """Queue one run. Returns whether it is new; None: submit it through the daemon.

        Args:
            headers: the option `headers` of the submit, or nothing.

        Raises:
            UnserialisableError: a parameter that cannot be stored.
        """
        if os.getpid() != self._pid:
            # A fork: the parent goes on using these connections, and its offers name it.
            self.close()
            self._pid = os.getpid()
        until, offer = self._known.get(task, (0.0, {}))
        if monotonic() >= until:
            return None
        if not _fits(offer, params) or (headers and headers_fault(headers[HEADERS])):
            return None
        blob = dump_value(params, "params")
        if len(blob) > offer["params_limit"]:
            return None
        now = time()
        spec = RunSpec(*offer["spec"])._replace(submitted_at=now)
        if headers and headers[HEADERS]:
            spec = spec._replace(opts={**spec.opts, **headers})
        record = RunTemplate(spec).record(run_id, blob)
        now_ms = str(int(now * 1000))
        arguments = (
            "EVALSHA", offer["digest"], "1", offer["prefix"], offer["node"], offer["place"],
            task, now_ms, f"2:{offer['name']}" if offer.get("name") else "2", run_id, record,
        )  # fmt: skip
        send = self._send
        reply = self._call(offer, arguments) if send is None else send(arguments)
        if reply in (b":-1\r\n", b"*1\r\n:1\r\n", b":1\r\n"):
            return True
        if reply == b"*1\r\n:0\r\n":
            return False
        self._known.pop(task, None)
        return None

    def _call(self, offer: dict[str, Any], arguments: tuple[str | bytes, ...]) -> bytes:
        """Send a command to Redis. Returns the short reply, or nothing when there was none."""
        connection = self._connection(offer)
        if connection is None:
            return b""
        try:
            connection.sendall(_packed(arguments))
            reply = connection.recv(4096)
            while reply.startswith(b"*1\r\n") and reply.count(b"\r\n") < 2:
                if len(reply) > _MOST_REPLY_BYTES:
                    break
                reply += connection.recv(4096) or b"\r\n"
        except OSError:
            connection.close()
            return b""
        if not reply.endswith(b"\r\n"):
            connection.close()
        else:
            self._idle.append(connection)
        return reply

    def _connection(self, offer: dict[str, Any]) -> socket.socket | None:
        try:
            return self._idle.pop()
        except IndexError:
            pass
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(_ANSWER_S)
            connection.connect(offer["socket"])
            self._check(connection, offer["socket"])
            if not offer.get("hands_over"):
                return connection
            with connection:
                handed_over = _receive_connection(connection)
        except (OSError, NotPermitted):
            connection.close()
            return None
        try:
            handed_over.settimeout(_ANSWER_S)
            self._check(handed_over, offer["socket"])
        except (OSError, NotPermitted):
            handed_over.close()
            return None
        return handed_over

    def _check(self, connection: socket.socket, path: str) -> None:
        """Check that a process of the daemon's user listens there, on a socket of the kind whose
        listener the kernel names."""
        if connection.family != socket.AF_UNIX or connection.type != socket.SOCK_STREAM:
            raise NotPermitted(f"the daemon has sent a socket of another kind by {path}")
        if self._other_uid is None:
            check_listener(connection, path, is_named=False)
        elif listener_uid(connection) != self._other_uid:
            raise NotPermitted(f"{path} is not of the daemon's user")


def _receive_connection(connection: socket.socket) -> socket.socket:
    """Return the connection to Redis that the daemon sends. Raises OSError when it sends none."""
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 1, socket.MSG_CMSG_CLOEXEC)
    if not descriptors:
        raise ConnectionError("the daemon sent no connection to Redis")
    try:
        return socket.socket(fileno=descriptors[0])
    except OSError:
        os.close(descriptors[0])
        raise


def _fits(offer: dict[str, Any], params: Mapping[str, Any]) -> bool:
    given, required = params.keys(), offer["required"]
    if not all(name in given for name in required):
        return False
    optional = offer["optional"]
    return optional is None or all(name in required or name in optional for name in given)


def _packed(arguments: tuple[str | bytes, ...]) -> bytes:
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        blob = argument.encode() if isinstance(argument, str) else argument
        parts += (b"$%d\r\n" % len(blob), blob, b"\r\n")
    return b"".join(parts)
