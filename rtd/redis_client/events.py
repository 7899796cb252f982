"""The events of the workers, read from Redis."""

import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from rtd.common.errors import StoreGone, StoreRefusal
from rtd.redis_client.connections import CONNECT_S, REPLY_S
from rtd.redis_client.context import NO_NODE
from rtd.redis_client.event_connection import EventConnection
from rtd.redis_client.request import large_turn
from rtd.redis_client.run_blocking import run_blocking
from rtd.rpc.core.resolve_target import resolve_target
from rtd.store.connection.command import RedisCommand
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.events.event_source import CommandConnection, EventSource
from rtd.supervisor.events.event_stream import EventStream

#: The pause between two tries to reach a Redis that is away.
PAUSE_S: Final = 0.2


class _OwnConnection(CommandConnection):
    """The connection of a follower, for what the supervisor's code reads."""

    def __init__(self, connection: EventConnection) -> None:
        self._connection = connection

    async def execute_all(self, *calls: RedisCommand) -> list[Any]:
        """Never suspends: see `rtd.redis_client.run_blocking`."""
        return self._connection.execute_all(*calls)


class RedisEvents:
    """A request for events. A program may block on it (`next_within`), or call `step` whenever
    `fileno` is readable.

    With `follow` it has a connection of its own. When Redis goes away later it waits for it, and
    goes on behind the last event.

    Args:
        context: of the client.
        params: of the request, checked.

    Attributes:
        answer: the answer that follows the last event; None before.

    Raises:
        BadRequest, NoSuchRun, StoreGone.
    """

    def __init__(self, context: SupervisorContext, params: Mapping[str, Any]) -> None:
        self.answer: dict[str, Any] | None = None
        self._ready: deque[dict[str, Any]] = deque()
        self._connection: EventConnection | None = None
        self._has_mark = False
        run = params["run"]
        run_id = run_blocking(resolve_target(context, run)) if run else None
        source = EventSource(context.redis, context.commands)
        if params["follow"]:
            self._connection = EventConnection(
                context.store_url, context.commands, reply_timeout_s=REPLY_S
            )
            source = source._replace(connection=_OwnConnection(self._connection))
        self._stream = EventStream(params, run_id, source, large_turn)
        if self._connection is not None:
            self._connection.connect_once(CONNECT_S)

    @property
    def is_away(self) -> bool:
        """Whether Redis has gone, and the next step tries to reach it."""
        return self._connection is not None and not self._connection.connected

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for events: the next step is due when `fileno` is readable."""
        return self._connection is not None and self._connection.is_waiting

    def fileno(self) -> int:
        """Return the descriptor of the connection that waits. Raises StoreGone."""
        assert self._connection is not None
        return self._connection.fileno()

    @property
    def wait_limit_s(self) -> float:
        """When the next step is due at the latest, in seconds from now."""
        return 0.0 if self._connection is None else self._connection.wait_limit_s

    def take(self) -> dict[str, Any] | None:
        """Return the next event that has been read; None: there is none."""
        return self._ready.popleft() if self._ready else None

    def next_within(self, seconds: float | None) -> dict[str, Any] | None:
        """Return the next event; None: there was none in so many seconds, or `answer` is set and
        no more will come."""
        until = None if seconds is None else time.monotonic() + seconds
        left_s = seconds
        while (event := self.take()) is None and self.answer is None:
            if self.is_away:
                time.sleep(PAUSE_S if left_s is None else min(PAUSE_S, left_s))
            self.step(left_s)
            left_s = None if until is None else max(until - time.monotonic(), 0.0)
            if left_s == 0.0:
                return self.take()
        return event

    def step(self, wait_s: float | None = 0.0) -> None:
        """Read a page, or while it waits for events wait so long for them. Raises StoreError."""
        if self._connection is None:
            self._read_page()
            return
        try:
            self._follow(self._connection, wait_s)
        except StoreGone as error:
            if isinstance(error, StoreRefusal) and not error.elsewhere:
                raise
            self._connection.close()

    def _follow(self, connection: EventConnection, wait_s: float | None) -> None:
        if not connection.connected:
            connection.connect_once(
                CONNECT_S if wait_s is None else min(max(wait_s, 1.0), CONNECT_S)
            )
            self._has_mark = False
        if connection.is_waiting:
            if not connection.end_wait(wait_s):
                return
            self._has_mark = False
        if not self._has_mark:
            connection.mark(NO_NODE)
            self._has_mark = True
        if not self._read_page():
            connection.begin_wait()

    def _read_page(self) -> bool:
        """Read the next events. Returns False when no more are there."""
        page = run_blocking(self._stream.read_page())
        if page is None and self._connection is None:
            self.answer = self._stream.answer
        self._ready.extend(page or ())
        return page is not None

    def close(self) -> None:
        """End the connection. No more events come."""
        if self._connection is not None:
            self._connection.close()
