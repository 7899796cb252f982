"""The requests of one connection: some go on at the same time, the next ones wait."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Final

from rtd.common.errors import InternalError, RtdError
from rtd.protocol import frames
from rtd.rpc.core.peer_credentials import Peer
from rtd.rpc.core.request_queue import RequestQueue
from rtd.supervisor.core.eager_task import start_now
from rtd.supervisor.core.log import log

#: Requests of one client that are handled at the same time; further ones queue.
MAX_IN_FLIGHT: Final = 32


class ConnectionRequests:
    """Begins requests in their order, and writes their answers.

    Args:
        handle: handles a request; its result is the answer.
        peer: the process at the other end.
        queue: the order in which the requests of all connections begin.
        write: writes a frame.
        on_change: called when `is_full` may have changed.

    Attributes:
        writable: set while the peer reads its answers.
    """

    def __init__(
        self,
        handle: Callable[[frames.Request], Awaitable[Any]],
        peer: Peer,
        queue: RequestQueue,
        write: Callable[[bytes], None],
        on_change: Callable[[], None],
    ) -> None:
        self._handle = handle
        self._peer = peer
        self._is_owner = peer.is_owner
        self._queue = queue
        self._write = write
        self._on_change = on_change
        self._backlog: deque[frames.Request] = deque()
        self._running: set[asyncio.Task[None]] = set()
        #: A request waits for its turn, or a large one goes on: no other begins.
        self._is_held = False
        self._closed = False
        self.writable = asyncio.Event()
        self.writable.set()

    @property
    def is_full(self) -> bool:
        """Whether a further request could not begin now."""
        return bool(self._backlog) or self._is_held or not self.writable.is_set()

    def add(self, request: frames.Request) -> None:
        """Add a request; `start_next` begins it."""
        self._backlog.append(request)

    def close(self) -> None:
        """Cancel the requests of a peer that is gone."""
        self._closed = True
        self.writable.set()
        self._backlog.clear()
        for task in self._running:
            task.cancel()

    def start_next(self) -> None:
        """Begin what can begin now."""
        while (
            self._backlog
            and not self._is_held
            and len(self._running) < MAX_IN_FLIGHT
            and self.writable.is_set()
        ):
            request = self._backlog.popleft()
            if request.method == "ping":
                self._start(request)
            else:
                self._is_held = True
                self._queue.begin(self._is_owner, partial(self._start_in_turn, request))
        self._on_change()

    def _start_in_turn(self, request: frames.Request) -> None:
        self._is_held = False
        if not self._closed:
            self._start(request)
            self.start_next()

    def _start(self, request: frames.Request) -> None:
        # The way to a run's start is not to take one turn too many; behind another request
        # (a hello that came with it) its place in the order counts more.
        if request.method == "submit" and not self._running:
            task = start_now(self._answer(request))
        else:
            task = asyncio.ensure_future(self._answer(request))
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not self._closed:
            self.start_next()

    async def _answer(self, request: frames.Request) -> None:
        try:
            frame = frames.encode_response(request.msgid, await self._result_of(request))
        except RtdError as error:
            frame = frames.encode_error(request.msgid, error)
        except Exception:
            log.exception("%s from %s failed", request.method, self._peer.text)
            sentence = f"{request.method} failed inside rtd; the daemon's log says where"
            frame = frames.encode_error(request.msgid, InternalError(sentence))
        self._write(frame)

    async def _result_of(self, request: frames.Request) -> Any:
        if not request.large_bytes or request.method == "wait":  # that one holds up no other
            return await self._handle(request)
        if self._is_owner:  # the next one is read while Redis works on this one
            async with self.large_turn():
                return await self._handle(request)
        self._is_held = True
        try:
            with self._queue.reserved(request.large_bytes):
                async with self.large_turn():
                    return await self._handle(request)
        finally:
            self._is_held = False

    @contextlib.asynccontextmanager
    async def large_turn(self) -> AsyncIterator[None]:
        """Hold the turn of a large request, or of one with a large answer: wait until few others
        go on, and until the peer has read its earlier answers."""
        semaphore = self._queue.large(self._is_owner)
        while True:
            await self.writable.wait()
            async with semaphore:
                if self.writable.is_set():
                    yield
                    return
