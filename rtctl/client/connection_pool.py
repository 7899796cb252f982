"""Connections to one daemon, kept while they are useful, and the verbs as methods.

All requests of `rtctl` and of `Client` go through a pool. Several threads may share one (each
call has a connection to itself), and so may a fork (the child opens its own connections).
"""

from __future__ import annotations

import os
from time import monotonic, sleep

from rtctl.client.connection import CONNECT_S, ConnectionLost, DaemonConnection
from rtctl.client.errors import DaemonUnreachable
from rtctl.client.part_stream import PartStream, without_defaults
from rtctl.core.check_argument import check_number, find_address
from rtctl.core.deadline import GRACE_S, Deadline, deadline_of
from rtctl.generated.verbs import Verbs
from rtd.common.errors import WaitTimeout
from rtd.config.file_owners import is_own
from rtd.config.socket_path import CALLER_RUN, is_socket_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

    from rtctl.core.call_protocols import Stream
    from rtctl.generated.shapes import Row

#: The pause between two tries to reach a daemon that restarts.
_PAUSE_S = 0.05
#: How many idle connections are kept; only more threads make more.
_KEPT = 8
#: Runs of one request to wait for; the daemon takes only so many (`limits.targets`).
PAGE = 1000


class ConnectionPool:
    """Connections to one daemon. Connects when it is first used.

    Args:
        address: path of the control socket; None: RTD_SOCKET, else `rtd.sock` in the runtime
            directory, where root or this user must listen.
        reconnect_s: how long to try again when a daemon that answered before is gone, as in a
            restart. A daemon that never answered is reported at once.

    Attributes:
        other_uid: the daemon's user if that is neither root nor this one, else None.
        stand_in: makes the connections of all pools of this process, in the place of those to a
            daemon, given its socket; None: there is none. `rtd.testing` sets it.
    """

    stand_in: ClassVar[Callable[[str], DaemonConnection] | None] = None
    #: Sends a command to the Redis that the client itself has; None: it has none.
    send_direct: Callable[[tuple[str | bytes, ...]], bytes] | None = None

    def __init__(self, address: str | os.PathLike[str] | None = None, reconnect_s: float = 5.0):
        self.path = find_address(address)
        self._is_named = address is not None or is_socket_named()
        self.other_uid: int | None = None
        check_number("reconnect_s", reconnect_s)
        self._reconnect_s = reconnect_s or 0.0
        self._idle: list[DaemonConnection] = []
        self._pid = os.getpid()
        self._seen = False
        self.rpc = Verbs(self.call, self.stream)

    @property
    def is_stood_in(self) -> bool:
        """Whether a `stand_in` answers."""
        return ConnectionPool.stand_in is not None

    def close(self) -> None:
        """Close all connections. The pool may be used again: it reconnects."""
        while self._idle:
            self._idle.pop().close()

    def acquire(self, until: Deadline | None = None) -> DaemonConnection:
        """Return a connection for one caller, which must `release` it.

        Args:
            until: when to give up; None: as usual.
        """
        if ConnectionPool.stand_in is not None:
            return ConnectionPool.stand_in(self.path)
        if os.getpid() != self._pid:
            # A fork: the parent goes on using these connections, this process must not.
            self._idle, self._pid = [], os.getpid()
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was quicker
                break
            if connection.is_idle():
                return connection
            connection.close()
        connect_s = CONNECT_S if until is None else min(CONNECT_S, until.left_s)
        connection = DaemonConnection(self.path, self._is_named, connect_s)
        self._seen = True
        if not is_own(connection.listener_uid):
            self.other_uid = connection.listener_uid
        return connection

    def _take_or_wait(self, until: Deadline | None) -> DaemonConnection:
        """Return a connection. Waits for a daemon that answered before: it may be restarting."""
        try:
            return self.acquire(until)
        except DaemonUnreachable:
            if not self._seen:
                raise
        return self.reconnect(until)

    def release(self, connection: DaemonConnection) -> None:
        """Take a connection back. A connection in the middle of a call is closed."""
        if len(self._idle) < _KEPT and connection.is_idle():
            self._idle.append(connection)
        else:
            connection.close()

    def rpc_within(self, limit_s: float | None, grace_s: float = 0.0) -> Verbs:
        """Return the verbs, all of whose answers must come within so many seconds from now.

        Args:
            limit_s: as errors name it; None: each verb has its usual limit.
            grace_s: how much later the caller gives up.
        """
        check_number("timeout", limit_s)
        until = deadline_of(limit_s, grace_s)
        if until is None:
            return self.rpc

        def call(method: str, params: dict[str, Any], repeatable: bool = True) -> Any:
            return self.call(method, params, repeatable, until)

        return Verbs(call, self.stream)

    def call(
        self,
        method: str,
        params: dict[str, Any],
        repeatable: bool = True,
        until: Deadline | None = None,
    ) -> Any:
        """Send a request and return the answer. Sends again when the daemon went away meanwhile.

        Args:
            repeatable: sending it twice does no harm.
            until: when to give up; None: each verb has its usual limit.

        Raises:
            RtdError: the daemon's error, or the daemon cannot be reached.
        """
        try:
            return self._once(self._take_or_wait(until), method, params, until)
        except ConnectionLost:
            if not repeatable:
                raise
        return self._once(self.reconnect(until), method, params, until)

    def wait(self, runs: list[str], timeout_s: float | None, any: bool = False) -> list[Row]:
        """Return the rows of runs when all (or any) are over. Waits out restarts of the daemon.

        Raises:
            WaitTimeout: the runs were not over by then.
        """
        deadline = None if timeout_s is None else monotonic() + timeout_s
        if len(runs) > PAGE and not any:
            rows: list[Row] = []
            for start in range(0, len(runs), PAGE):
                left_s = None if deadline is None else max(deadline - monotonic(), 0.0)
                rows += self.wait(runs[start : start + PAGE], left_s)
            return rows
        while True:
            left_s = None if deadline is None else max(deadline - monotonic(), 0.0)
            try:
                rpc = self.rpc_within(left_s, GRACE_S)
                waiter = CALLER_RUN.find()
                return rpc.wait(runs=runs, timeout_s=left_s, any=any, waiter=waiter)["runs"]
            except ConnectionLost:
                if left_s == 0.0:
                    raise WaitTimeout(f"not over within {timeout_s:g} s") from None

    def reconnect(self, until: Deadline | None = None) -> DaemonConnection:
        """Return a connection to a daemon that was there a moment ago and may be restarting."""
        deadline = monotonic() + self._reconnect_s
        while True:
            try:
                return self.acquire(until)
            except DaemonUnreachable:
                if monotonic() > deadline or (until is not None and until.is_over):
                    raise
                sleep(_PAUSE_S)

    def _once(
        self,
        connection: DaemonConnection,
        method: str,
        params: dict[str, Any],
        until: Deadline | None,
    ) -> Any:
        try:
            return connection.call(method, params, until)
        finally:
            self.release(connection)

    def stream(self, method: str, params: dict[str, Any]) -> Stream[Any, Any]:
        """Open a streamed answer on a connection of its own."""
        position = None
        if params.get("follow") or method == "collect":
            from rtctl.core.stream_position import position_of  # lazy: only followers need it

            position = position_of(method, params)
        connection = self._take_or_wait(None)
        try:
            connection.send(method, without_defaults(params))
        except BaseException:
            connection.close()
            raise
        return PartStream(self, connection, method, position)
