"""One client's connection: frames in, answers out, without holding up other clients.

A connection reads only as fast as requests are handled. It is closed with a reason when the
peer may not send requests, sends bytes that are no frame, leaves a frame half sent, or does not
read its answers.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from rtd.common.errors import BadRequest, FrameTooLarge, InternalError, RtdError
from rtd.protocol import frames
from rtd.protocol.large_frames import load_checked
from rtd.rpc.core.closed_peer import has_closed
from rtd.rpc.core.peer_credentials import Peer
from rtd.supervisor.core.eager_task import start_now
from rtd.supervisor.core.log import log

#: One read; small, so that a flood of tiny frames cannot hold the loop for long.
READ_BYTES: Final = 64 << 10
#: Requests of one client that are handled at the same time; further ones queue.
MAX_IN_FLIGHT: Final = 32
#: Unsent answers beyond which a client's requests are not read.
HIGH_WATER_BYTES: Final = 1 << 20
#: A client that neither finishes its frame nor reads its answers for this long is closed.
STALL_S: Final = 30.0
#: How often it is checked whether a client whose requests are not read has gone.
HANG_UP_S: Final = 1.0

RequestHandler = Callable[["ClientConnection", frames.Request], Awaitable[Any]]


class ClientConnection(asyncio.BufferedProtocol):
    """One client.

    Args:
        handle: handles a request; its result is the answer.
        peer: the process at the other end.
        limit_bytes: the largest frame.
        on_close: called once, when the connection has ended.
        on_half_frame: called when more bytes of a large incomplete frame have come.

    Attributes:
        greeted: the client has said hello.
        targets: how many runs the requests that go on name.
    """

    def __init__(
        self,
        handle: RequestHandler,
        peer: Peer,
        limit_bytes: int,
        on_close: Callable[["ClientConnection"], None],
        on_half_frame: Callable[[], None],
    ) -> None:
        self.peer = peer
        self.greeted = False
        self.targets = 0
        self._handle = handle
        self._on_close = on_close
        self._on_half_frame = on_half_frame
        self._limit_bytes = limit_bytes
        self._decoder = frames.Decoder(limit_bytes, load_large=load_checked)
        self._buffer = bytearray(READ_BYTES)
        self._transport: asyncio.Transport | None = None
        self._backlog: deque[frames.Request] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._writable = asyncio.Event()
        self._writable.set()
        self._reading = True
        self._stall: asyncio.TimerHandle | None = None
        self._closed = False

    # --- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)

    def get_buffer(self, sizehint: int) -> bytearray:
        """Return the buffer that asyncio reads into."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take the frames that arrived. Bytes that are no frame close the connection."""
        if self._closed:
            return
        try:
            for message in self._decoder.feed(memoryview(self._buffer)[:nbytes]):
                self._accept(message)
                self._stall_again(None)
        except RtdError as error:
            self.refuse(error)
            return
        self._watch_half_frame()
        self._start_next()

    def pause_writing(self) -> None:
        """Take no more requests: the peer does not read its answers."""
        self._writable.clear()
        self._pace()
        loop = asyncio.get_running_loop()
        self._stall_again(loop.call_later(STALL_S, self._abort, "does not read its answers"))

    def resume_writing(self) -> None:
        """Take requests again: the peer reads its answers."""
        self._writable.set()
        self._stall_again(None)
        self._pace()
        self._start_next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the requests of a peer that is gone."""
        self._closed = True
        self._stall_again(None)
        self._writable.set()
        self._backlog.clear()
        for task in self._running:
            task.cancel()
        self._on_close(self)

    @property
    def pending_bytes(self) -> int:
        """How many bytes of an incomplete frame are kept; in memory they are there twice."""
        return self._decoder.pending_bytes

    @property
    def stalls_at(self) -> float:
        """When the connection is closed unless its incomplete frame goes on, in the time of the
        loop: the earliest has the oldest frame."""
        return float("inf") if self._stall is None else self._stall.when()

    # --- requests

    def _accept(self, message: frames.Message) -> None:
        if not isinstance(message, frames.Request):
            raise frames.WireError("malformed frame: a client sends requests only")
        self._backlog.append(message)

    def _start_next(self) -> None:
        while self._backlog and len(self._running) < MAX_IN_FLIGHT and self._writable.is_set():
            request = self._backlog.popleft()
            # The way to a run's start is not to take one turn too many; behind another request
            # (a hello that came with it) its place in the order counts more.
            if request.method == "submit" and not self._running:
                task = start_now(self._handle_request(request))
            else:
                task = asyncio.ensure_future(self._handle_request(request))
            if task is not None:
                self._running.add(task)
                task.add_done_callback(self._on_request_done)
        self._pace()

    def _on_request_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not self._closed:
            self._start_next()

    async def _handle_request(self, request: frames.Request) -> None:
        try:
            frame = frames.encode_response(request.msgid, await self._handle(self, request))
        except RtdError as error:
            frame = frames.encode_error(request.msgid, error)
        except Exception:
            log.exception("%s from %s failed", request.method, self.peer.text)
            sentence = f"{request.method} failed inside rtd; the daemon's log says where"
            frame = frames.encode_error(request.msgid, InternalError(sentence))
        self._write(frame)

    def _write(self, frame: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)

    def _pace(self) -> None:
        """Read on only while there is room for more requests."""
        wanted = not self._backlog and self._writable.is_set() and not self._closed
        if self._transport is None or self._transport.is_closing() or wanted == self._reading:
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(HANG_UP_S, self._check_hang_up)

    def _check_hang_up(self) -> None:
        """Close the connection of a client that has gone while its requests are not read: its
        end is only seen where bytes are read."""
        if self._reading or self._transport is None or self._transport.is_closing():
            return
        if has_closed(self._transport.get_extra_info("socket")):
            self._transport.abort()
        else:
            asyncio.get_running_loop().call_later(HANG_UP_S, self._check_hang_up)

    # --- streams

    async def send(self, method: str, params: dict[str, Any]) -> None:
        """Send a part of a streamed answer; waits while the peer does not read.

        Raises:
            asyncio.CancelledError: the peer has gone (its requests are cancelled).
        """
        await self._writable.wait()
        self._write(frames.encode_notification(method, params))

    # --- ends

    def refuse(self, error: RtdError) -> None:
        """Send the reason (a response with id 0 concerns the whole connection) and close."""
        if isinstance(error, FrameTooLarge | BadRequest):
            log.debug("closing the connection of %s: %s", self.peer.text, error)
        self._closed = True
        self._decoder = frames.Decoder(self._limit_bytes)  # what it has kept is of no use
        self._write(frames.encode_error(0, error))
        if self._transport is not None:
            self._transport.close()
            # A peer that reads nothing must not keep the descriptor for ever.
            asyncio.get_running_loop().call_later(STALL_S, self._transport.abort)

    def close(self) -> None:
        """Close the connection once everything written is sent."""
        if self._transport is not None:
            self._transport.close()

    def _watch_half_frame(self) -> None:
        """Close the connection when a frame stays incomplete for too long."""
        if not self._writable.is_set():
            return
        pending_bytes = self._decoder.pending_bytes
        if not pending_bytes:
            self._stall_again(None)
        elif self._stall is None:
            loop = asyncio.get_running_loop()
            self._stall = loop.call_later(STALL_S, self._abort, "left a frame half sent")
        if pending_bytes > READ_BYTES:
            self._on_half_frame()

    def _stall_again(self, handle: asyncio.TimerHandle | None) -> None:
        if self._stall is not None:
            self._stall.cancel()
        self._stall = handle

    def _abort(self, why: str) -> None:
        log.info("closing the connection of %s: it %s for %.0f s", self.peer.text, why, STALL_S)
        if self._transport is not None:
            self._transport.abort()
