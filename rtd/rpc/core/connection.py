"""One client's connection: frames in, answers out, without holding up other clients.

A connection reads only as fast as requests are handled. It is closed with a reason when the
peer may not send requests, sends bytes that are no frame, leaves a frame half sent, or does not
read its answers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from rtd.common.errors import BadRequest, FrameTooLarge, RtdError
from rtd.protocol import frames
from rtd.protocol.large_frames import load_checked
from rtd.rpc.core.closed_peer import has_closed
from rtd.rpc.core.connection_requests import ConnectionRequests
from rtd.rpc.core.peer_credentials import Peer
from rtd.rpc.core.request_queue import RequestQueue
from rtd.supervisor.core.log import log

#: One read; small, so that a flood of tiny frames cannot hold the loop for long.
READ_BYTES: Final = 64 << 10
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
        queue: the order in which the requests of all connections begin.

    Attributes:
        greeted: the client has said hello.
        targets: how many runs the requests that go on name.
        requests: those that go on, and those that wait.
    """

    def __init__(
        self,
        handle: RequestHandler,
        peer: Peer,
        limit_bytes: int,
        on_close: Callable[["ClientConnection"], None],
        on_half_frame: Callable[[], None],
        queue: RequestQueue,
    ) -> None:
        self.peer = peer
        self.greeted = False
        self.targets = 0
        self.requests = ConnectionRequests(
            partial(handle, self), peer, queue, self._write, self._pace
        )
        self._on_close = on_close
        self._on_half_frame = on_half_frame
        self._queue = queue
        self._limit_bytes = limit_bytes
        self._decoder = frames.Decoder(limit_bytes, load_large=load_checked)
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._transport: asyncio.Transport | None = None
        self._reading = True
        self._stall: asyncio.TimerHandle | None = None
        self._closed = False

    # --- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer that asyncio reads into."""
        return self._buffer[: self._queue.read_size(READ_BYTES, self._decoder.pending_bytes)]

    def buffer_updated(self, nbytes: int) -> None:
        """Take the frames that arrived. Bytes that are no frame close the connection."""
        if self._closed:
            return
        self._queue.on_read(nbytes)
        try:
            for message in self._decoder.feed(self._buffer[:nbytes]):
                self._accept(message)
                self._stall_again(None)
        except RtdError as error:
            self.refuse(error)
            return
        self._watch_half_frame()
        self.requests.start_next()

    def pause_writing(self) -> None:
        """Take no more requests: the peer does not read its answers."""
        self.requests.writable.clear()
        self._pace()
        loop = asyncio.get_running_loop()
        self._stall_again(loop.call_later(STALL_S, self._abort, "does not read its answers"))

    def resume_writing(self) -> None:
        """Take requests again: the peer reads its answers."""
        self.requests.writable.set()
        self._stall_again(None)
        self.requests.start_next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the requests of a peer that is gone."""
        self._closed = True
        self._stall_again(None)
        self.requests.close()
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
        self.requests.add(message)

    def _write(self, frame: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)

    def _pace(self) -> None:
        """Read on only while there is room for more requests."""
        wanted = not self.requests.is_full and not self._closed
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
        await self.requests.writable.wait()
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
        if not self.requests.writable.is_set():
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
