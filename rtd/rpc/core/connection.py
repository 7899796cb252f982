"""One client's connection: frames in, answers out, without holding up other clients.

A connection reads only as fast as requests are handled. It is closed with a reason when the
peer may not send requests, sends bytes that are no frame, leaves a frame half sent, or does not
read its answers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from logging import DEBUG
from typing import Any, ClassVar, Final

from rtd.common.errors import RtdError
from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from rtd.protocol.large_frames import read_head
from rtd.rpc.core.closed_peer import ClosedPeerCheck
from rtd.rpc.core.connection_requests import ConnectionRequests
from rtd.rpc.core.peer_credentials import Peer
from rtd.rpc.core.request_queue import LARGE_READ_BYTES, RequestQueue
from rtd.supervisor.core.log import log

#: Frames of more bytes are unpacked when their turn comes: of the owners, and of members.
LATER_BYTES: Final = {True: 64 << 10, False: frames.LARGE_BYTES}
#: Unread answers beyond which a client's requests are not read: of the owners, and of members.
HIGH_WATER_BYTES: Final = {True: 1 << 20, False: 256 << 10}
#: A client that neither finishes its frame nor reads its answers for this long is closed.
STALL_S: Final = 30.0
UNREAD: Final = f"it does not read its answers for {STALL_S:.0f} s"
UNFINISHED: Final = f"it left a frame half sent for {STALL_S:.0f} s"

RequestHandler = Callable[["ClientConnection", frames.Request], Awaitable[Any]]


class ClientConnection(asyncio.BufferedProtocol):
    """One client.

    Args:
        handle: handles a request; its result is the answer.
        peer: the process at the other end.
        limit_bytes: the largest frame.
        on_close: called once, when the connection has ended.
        on_growth: called when more is kept of a large incomplete frame, or of unread answers.
        queue: the order in which the requests of all connections begin.

    Attributes:
        greeted: the client has said hello.
        is_owner: it is one of root or of the daemon's user.
        targets: how many runs the requests that go on name.
        requests: those that go on, and those that wait.
    """

    #: All connections read into the same buffer: what was read is decoded in the same step.
    _buffer: ClassVar = memoryview(bytearray(LARGE_READ_BYTES))

    def __init__(
        self,
        handle: RequestHandler,
        peer: Peer,
        limit_bytes: int,
        on_close: Callable[["ClientConnection"], None],
        on_growth: Callable[[], None],
        queue: RequestQueue,
    ) -> None:
        self.peer = peer
        self.greeted = False
        self.targets = 0
        self.requests = ConnectionRequests(
            partial(handle, self), peer, queue, self._write, self.refuse, self._pace
        )
        self._on_close = on_close
        self._on_growth = on_growth
        self._queue = queue
        self.is_owner = peer.is_owner
        self._decoder = Decoder(
            limit_bytes, read_later=read_head, later_bytes=LATER_BYTES[self.is_owner]
        )
        self._transport: asyncio.Transport | None = None
        self._reading = True
        self._asked_bytes = 0
        self._waits_to_read = False
        self._stall: asyncio.TimerHandle | None = None
        self._hang_up: ClosedPeerCheck | None = None
        self._closed = False

    # --- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=HIGH_WATER_BYTES[self.is_owner])
        self._hang_up = ClosedPeerCheck(transport, lambda: self.requests.is_full)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer that asyncio reads into."""
        size = self._asked_bytes = self._queue.read_size(self.is_owner, self.pending_bytes)
        return self._buffer[:size]

    def buffer_updated(self, nbytes: int) -> None:
        """Take the frames that arrived. Bytes that are no frame close the connection."""
        if self._closed:
            return
        count = 0
        try:
            for message in self._decoder.feed(self._buffer[:nbytes]):
                self._accept(message)
                self._stall_again(None)
                count += 1
        except RtdError as error:
            self.refuse(error)
            return
        finally:
            self._queue.on_read(self.is_owner, nbytes, count)
        if nbytes == self._asked_bytes:  # there is more to read
            self._waits_to_read = self._queue.read_later(self.is_owner, self._read_on)
        self._watch_half_frame()
        self.requests.start_next()

    def _read_on(self) -> int:
        """Read on in a turn. Returns how many bytes may be read."""
        self._waits_to_read = False
        self._pace()
        is_read = self._reading and not self._closed
        return self._queue.read_size(self.is_owner, self.pending_bytes) if is_read else 0

    def pause_writing(self) -> None:
        """Take no more requests: the peer does not read its answers."""
        self.requests.writable.clear()
        self._pace()
        loop = asyncio.get_running_loop()
        self._stall_again(loop.call_later(STALL_S, self.abort, UNREAD))

    def resume_writing(self) -> None:
        """Take requests again: the peer reads its answers."""
        if self._closed:
            return
        self.requests.writable.set()
        self._stall_again(None)
        self.requests.start_next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the requests of a peer that is gone, and free what they hold."""
        self._closed = True
        self._decoder.clear()
        self._stall_again(None)
        if self._hang_up is not None:
            self._hang_up.stop()
            self._hang_up = None
        self.requests.close()
        self._on_close(self)

    @property
    def pending_bytes(self) -> int:
        """How many bytes of an incomplete frame are kept; in memory they are there twice."""
        return self._decoder.pending_bytes

    @property
    def unread_bytes(self) -> int:
        """How many bytes of answers are kept that the peer has not read."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

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
            if len(frame) > LARGE_READ_BYTES and not self.requests.writable.is_set():
                self._on_growth()

    def _pace(self) -> None:
        """Read on only while there is room for more requests, and in turn."""
        wanted = not (self.requests.is_full or self._waits_to_read or self._closed)
        if self._transport is None or self._transport.is_closing() or wanted == self._reading:
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
            assert self._hang_up is not None
            self._hang_up.start()

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
        if log.isEnabledFor(DEBUG):  # the name of the user is looked up
            log.debug("closing the connection of %s: %s", self.peer.text, error)
        self._closed = True
        self._decoder.clear()
        self._write(frames.encode_error(0, error))
        if self._transport is not None:
            self._transport.close()
            # A peer that reads nothing must not keep the descriptor for ever.
            loop = asyncio.get_running_loop()
            self._stall_again(loop.call_later(STALL_S, self._transport.abort))

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
            self._stall = loop.call_later(STALL_S, self.abort, UNFINISHED)
        if pending_bytes > LARGE_READ_BYTES:
            self._on_growth()

    def _stall_again(self, handle: asyncio.TimerHandle | None) -> None:
        if self._stall is not None:
            self._stall.cancel()
        self._stall = handle

    def abort(self, why: str) -> None:
        """Close the connection at once."""
        log.info("closing the connection of %s: %s", self.peer.text, why)
        if self._transport is not None:
            self._transport.abort()
