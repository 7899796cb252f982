"""Connections of this process's clients to a `TWorker` in the place of a daemon."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rtctl.aio.connection import AsyncDaemonConnection
from rtctl.aio.connection_pool import AsyncConnectionPool
from rtctl.client.connection import DaemonConnection
from rtctl.client.connection_pool import ConnectionPool
from rtctl.core.deadline import Deadline
from rtd.common.errors import BadRequest, RtdError, WaitTimeout
from rtd.protocol.frames import Notification, Response

#: Answers a request, given its verb and its parameters.
Answer = Callable[[str, dict[str, Any]], Any]


class LocalEnds:
    """The parts of the answer to a `collect`."""

    def __init__(self, answer: Answer, params: Mapping[str, Any]) -> None:
        self._answer = answer
        self._pending = list(dict.fromkeys(params["runs"]))
        self.count = len(self._pending)

    def next_part(self, timeout_s: float | None) -> dict[str, Any] | None:
        """Return the next part; None: all runs are over. Raises WaitTimeout."""
        if not self._pending:
            return None
        request = {"runs": self._pending, "timeout_s": timeout_s, "any": True}
        rows = self._answer("wait", request)["runs"]
        ended = [
            {"names": [name], "row": row, "result": None}
            for name, row in zip(self._pending, rows, strict=True)
            if row["ended_at"] is not None
        ]
        over = {one["names"][0] for one in ended}
        self._pending = [name for name in self._pending if name not in over]
        return {"ended": sorted(ended, key=lambda one: one["row"]["ended_at"])}


class LocalConnection(DaemonConnection):
    """A connection that answers by itself. It is never kept for a later call."""

    def __init__(self, path: str, answer: Answer) -> None:
        self.path = path
        self.listener_uid = os.getuid()
        self._answer = answer
        self._answers: dict[int, Any] = {}
        self._ends: LocalEnds | None = None
        self._number = 0

    def is_idle(self) -> bool:
        """Return false: no later call may find this connection after the block."""
        return False

    def close(self) -> None:
        """Do nothing."""

    def mark_answered(self) -> None:
        """Do nothing."""

    def send(self, method: str, params: dict[str, Any], until: Deadline | None = None) -> int:
        """Answer a request; the answer, or the error, is there for `receive_answer`."""
        self._number += 1
        if method == "collect":
            self._ends = LocalEnds(self._answer, params)
            return self._number
        try:
            self._answers[self._number] = self._answer(method, params)
        except RtdError as error:
            if method != "submit":
                raise
            self._answers[self._number] = error
        return self._number

    def receive_answer(self, msgid: int, until: Deadline | None) -> Any:
        """Return the answer to a request. Raises RtdError."""
        found = self._answers.pop(msgid)
        if isinstance(found, RtdError):
            raise found
        return found

    def receive(self, until: Deadline | None) -> Response | Notification:
        """Return the next part of the answer to a `collect`, or the answer itself."""
        assert self._ends is not None
        try:
            part = self._ends.next_part(None if until is None else until.left_s)
        except WaitTimeout as error:
            if until is not None and until.is_over:
                raise
            return Response(self._number, error, None)  # no time would be enough
        if part is None:
            return Response(self._number, None, {"ended": self._ends.count})
        return Notification("collect", part)


class AsyncLocalConnection(AsyncDaemonConnection):
    """As `LocalConnection`, for asyncio. Runs that a call waits for are carried out in a thread."""

    def __init__(self, path: str, answer: Answer) -> None:
        self.path = path
        self._answer = answer

    @property
    def is_open(self) -> bool:
        """Return false, as `LocalConnection.is_idle` does."""
        return False

    async def call(self, method: str, params: dict[str, Any], answer_s: float | None = None) -> Any:
        """Return the answer to a request. Raises RtdError."""
        return await asyncio.to_thread(self._answer, method, params)

    async def stream(self, method: str, params: dict[str, Any]) -> AsyncIterator[tuple[bool, Any]]:
        """Yield the parts of the answer to a `collect`. Raises RtdError for other requests."""
        if method != "collect":
            yield False, self._answer(method, params)
            return
        ends = LocalEnds(self._answer, params)
        while (part := await asyncio.to_thread(ends.next_part, None)) is not None:
            yield True, part
        yield False, {"ended": ends.count}

    async def aclose(self) -> None:
        """Do nothing."""

    def drop(self) -> None:
        """Do nothing."""


@contextmanager
def answered_here(answer: Answer) -> Iterator[None]:
    """Let all clients of this process get their answers from a function, until the block ends."""
    before = ConnectionPool.stand_in, AsyncConnectionPool.stand_in
    process = os.getpid()

    def answer_here(method: str, params: dict[str, Any]) -> Any:
        if os.getpid() != process:  # its runs would be lost with the child
            raise BadRequest(
                "rtd.testing.TWorker answers only in its own process, and this one was forked:"
                " rtd.testing.daemon_of starts a real daemon"
            )
        return answer(method, params)

    ConnectionPool.stand_in = lambda path: LocalConnection(path, answer_here)
    AsyncConnectionPool.stand_in = lambda path: AsyncLocalConnection(path, answer_here)
    try:
        yield
    finally:
        ConnectionPool.stand_in, AsyncConnectionPool.stand_in = before
