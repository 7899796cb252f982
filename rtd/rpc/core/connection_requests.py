"""The requests of one connection: some go on at the same time, the next ones wait."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from typing import Any, Final

from rtd.common.errors import InternalError, RtdError
from rtd.protocol import frames
from rtd.protocol.large_frames import unpack_request
from rtd.protocol.packed_rows import PackedResult
from rtd.rpc.core.peer_credentials import Peer
from rtd.rpc.core.request_queue import RequestQueue
from rtd.supervisor.core.eager_task import start_now
from rtd.supervisor.core.log import log

#: Requests of one client that are handled at the same time; further ones queue.
MAX_IN_FLIGHT: Final = 32
#: Requests that cost next to nothing: they need no turn.
AT_ONCE: Final = frozenset({"hello", "ping"})
#: Requests whose first step is taken at once, unless so many wait behind them.
NOW: Final = AT_ONCE | {"submit"}
FEW: Final = 2
#: Requests that take as long as runs do, also while Redis is away.
WAITING: Final = frozenset({"collect", "wait"})


class ConnectionRequests:
    """Begins requests in their order, and writes their answers.

    Args:
        handle: handles a request; its result is the answer.
        peer: the process at the other end.
        queue: the order in which the requests of all connections begin.
        write: writes a frame.
        refuse: closes the connection with the reason.
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
        refuse: Callable[[RtdError], None],
        on_change: Callable[[], None],
    ) -> None:
        self._handle = handle
        self._peer = peer
        self._is_owner = peer.is_owner
        self._queue = queue
        self._write = write
        self._refuse = refuse
        self._on_change = on_change
        self._backlog: deque[frames.Request] = deque()
        self._running: set[asyncio.Task[None]] = set()
        #: A request waits for its turn; a large one has not been unpacked, or is of a member and
        #: goes on. Meanwhile no other begins.
        self._waits = False
        self._large: frames.Request | None = None
        self._closed = False
        self.writable = asyncio.Event()
        self.writable.set()

    @property
    def is_full(self) -> bool:
        """Whether a further request could not begin now."""
        is_held = self._waits or self._large is not None
        return bool(self._backlog) or is_held or not self.writable.is_set()

    def add(self, request: frames.Request) -> None:
        """Add a request; `start_next` begins it."""
        self._backlog.append(request)

    def close(self) -> None:
        """Cancel the requests of a peer that is gone."""
        self._closed = True
        self.writable.set()
        self._backlog.clear()
        self._queue.cancel(self._running)
        # A connection that no other object refers to is freed at once, not by a collection.
        self._handle, self._write, self._refuse, self._on_change = _ended, _drop, _drop, _nothing

    def start_next(self) -> None:
        """Begin what can begin now."""
        while (
            self._backlog
            and not self._waits
            and self._large is None
            and len(self._running) < MAX_IN_FLIGHT
            and self.writable.is_set()
        ):
            request = self._backlog.popleft()
            if request.method in AT_ONCE and not request.large_bytes:
                self._start(request)
            else:
                self._waits = True
                self._queue.begin(self._is_owner, partial(self._start_in_turn, request))
        self._on_change()

    def _start_in_turn(self, request: frames.Request) -> None:
        self._waits = False
        if not self._closed:
            self._start(request)
            self.start_next()

    def _start(self, request: frames.Request) -> None:
        if request.packed is not None or (request.large_bytes and not self._is_owner):
            self._large = request
        # The way to an answer is not to take one turn too many; behind another request its place
        # in the order counts more, and many that come together take turns.
        if not self._running and request.method in NOW and len(self._backlog) < FEW:
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
            result = await self._result_of(request)
            if type(result) is PackedResult:
                frame = result.encode_response(request.msgid)
            else:
                frame = frames.encode_response(request.msgid, result)
        except RtdError as error:
            frame = frames.encode_error(request.msgid, error)
            _let_go(error)
        except asyncio.CancelledError as error:
            _let_go(error)
            raise
        except Exception:
            log.exception("%s from %s failed", request.method, self._peer.text)
            sentence = f"{request.method} failed inside rtd; the daemon's log says where"
            frame = frames.encode_error(request.msgid, InternalError(sentence))
        self._write(frame)

    async def _result_of(self, request: frames.Request) -> Any:
        if not request.large_bytes:
            return await self._handle(request)
        try:
            if request.method in WAITING:  # it holds up no other while it waits
                await self._unpack_wait(request)
                self._end_large(request)
                return await self._handle(request)
            with self._reserved(request):
                async with self.large_turn():
                    await self._unpack(request)
                    if self._is_owner:  # the next one is read while Redis works on this one
                        self._end_large(request)
                    return await self._handle(request)
        finally:
            self._end_large(request)

    def worker(self) -> AbstractAsyncContextManager[None]:
        """Hold a place among those that work on one of several targets."""
        return contextlib.nullcontext() if self._is_owner else self._queue.workers

    def _end_large(self, request: frames.Request) -> None:
        """Let the next request begin, if this one holds it up."""
        if self._large is request:
            self._large = None
            self.start_next()

    def _reserved(self, request: frames.Request) -> AbstractContextManager[None]:
        """Count the bytes of a large request of a member. Raises TooLarge."""
        if self._is_owner:
            return contextlib.nullcontext()
        return self._queue.reserved(request.large_bytes)

    async def _unpack_wait(self, request: frames.Request) -> None:
        """Unpack a large `wait`; those of members, of which there may be many, in turn."""
        if self._is_owner:
            await self._unpack(request)
            return
        with self._reserved(request):
            async with self.large_turn():
                await self._unpack(request)

    async def _unpack(self, request: frames.Request) -> None:
        """Unpack the parameters of a large request; others get their turn meanwhile.

        Raises as `unpack_request` does; the connection is closed then.
        """
        if request.packed is None:
            return
        try:
            for _ in unpack_request(request):
                await asyncio.sleep(0)
        except RtdError as error:
            self._refuse(error)
            raise

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


def _let_go(error: BaseException) -> None:
    """Free the frames of an error. Where a local variable of theirs refers to it, as in a task
    group that is cancelled, they would keep thousands of names and outcomes until a collection."""
    error.__traceback__ = None


async def _ended(_request: frames.Request) -> Any:
    raise asyncio.CancelledError


def _drop(_value: object) -> None:
    """Neither write nor refuse anything: the peer is gone."""


def _nothing() -> None:
    """Change nothing: the peer is gone."""
