"""Stands in for the connections to a daemon where a client has only Redis."""

from __future__ import annotations

import os

from rtctl.client.connection import DaemonConnection
from rtctl.client.connection_pool import ConnectionPool
from rtctl.core.redis_options import is_redis_url, refuse_options
from rtctl.generated.verbs import Verbs
from rtd.common.errors import RtdError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from rtctl.core.call_protocols import Stream
    from rtctl.core.deadline import Deadline
    from rtctl.core.redis_options import RedisOptions
    from rtd.redis_client.ends import RedisEnds
    from rtd.redis_client.events import RedisEvents
    from rtd.redis_client.redis_verbs import RedisVerbs


def open_pool(
    address: str | os.PathLike[str] | None, reconnect_s: float, options: RedisOptions
) -> ConnectionPool:
    """Return the connections of a client: to a daemon, or to the Redis that a URL names."""
    if is_redis_url(address):
        return RedisPool(address, reconnect_s, options)
    refuse_options(options)
    return ConnectionPool(address, reconnect_s)


def redis_verbs(url: str, reconnect_s: float, options: RedisOptions) -> RedisVerbs:
    """Return what answers requests. Raises ConfigError, BadRequest."""
    from rtd.redis_client.redis_verbs import RedisVerbs  # lazy: it needs much of rtd

    return RedisVerbs(url, reconnect_s=reconnect_s, **options)


class RedisPool(ConnectionPool):
    """The verbs on a Redis; see `rtd.redis_client.redis_verbs.RedisVerbs`."""

    def __init__(self, url: str, reconnect_s: float, options: RedisOptions) -> None:
        super().__init__("/", reconnect_s)
        self._verbs = redis_verbs(url, self._reconnect_s, options)
        self.path = self._verbs.address
        self.send_direct = self._verbs.send_direct
        self.rpc = Verbs(self.call, self.stream)

    @property
    def has_password(self) -> bool:
        """Whether a password stands in the URL."""
        return self._verbs.has_password

    def close(self) -> None:
        """Close all connections. The pool may be used again: it reconnects."""
        self._verbs.close()

    def acquire(self, until: Deadline | None = None) -> DaemonConnection:
        """Return what answers requests; it is never kept."""
        if ConnectionPool.stand_in is not None:
            return ConnectionPool.stand_in(self.path)
        return RedisAnswers(self._verbs)

    def call(
        self,
        method: str,
        params: dict[str, Any],
        repeatable: bool = True,
        until: Deadline | None = None,
    ) -> Any:
        """Return the answer to a request. Raises RtdError."""
        if ConnectionPool.stand_in is not None:
            return super().call(method, params, repeatable, until)
        return self._verbs.answer(method, params)

    def stream(self, method: str, params: dict[str, Any]) -> Stream[Any, Any]:
        """Open a streamed answer. Raises RtdError."""
        if ConnectionPool.stand_in is None:
            return RedisPartStream(self._verbs.open_stream(method, params))
        return super().stream(method, params)


class RedisPartStream:
    """The parts of a streamed answer; see `rtctl.client.part_stream.PartStream`."""

    def __init__(self, events: RedisEvents | RedisEnds) -> None:
        self._events = events
        self._is_closed = False

    @property
    def answer(self) -> Any:
        """The answer that follows the last part; None before."""
        return self._events.answer

    def __iter__(self) -> Iterator[Any]:
        while (part := self.next_within(None)) is not None:
            yield part

    def next_within(self, seconds: float | None) -> Any:
        """Return the next part; see `PartStream.next_within`."""
        return None if self._is_closed else self._events.next_within(seconds)

    def close(self) -> None:
        """Close the connection."""
        self._is_closed = True
        self._events.close()

    def __del__(self) -> None:
        self.close()


class RedisAnswers(DaemonConnection):
    """Answers a request when it is sent."""

    def __init__(self, verbs: RedisVerbs) -> None:
        self.path = verbs.address
        self.listener_uid = os.getuid()
        self._verbs = verbs
        self._answers: dict[int, Any] = {}
        self._last_id = 1

    def is_idle(self) -> bool:
        """Return false: it is never kept for a later call."""
        return False

    def close(self) -> None:
        """Do nothing."""

    def send(self, method: str, params: dict[str, Any], until: Deadline | None = None) -> int:
        """Answer a request; the answer, or the error, is there for `receive_answer`."""
        self._last_id += 1
        try:
            self._answers[self._last_id] = self._verbs.answer(method, params)
        except RtdError as error:
            self._answers[self._last_id] = error
        return self._last_id

    def receive_answer(self, msgid: int, until: Deadline | None) -> Any:
        """Return the answer to a request. Raises RtdError."""
        found = self._answers.pop(msgid)
        if isinstance(found, RtdError):
            raise found
        return found
