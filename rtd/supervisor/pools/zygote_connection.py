"""The stream between the supervisor and one zygote: MessagePack notifications both ways."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from rtd.common.errors import RtdError
from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from rtd.protocol.zygote_messages import ZygoteMessage, encode
from rtd.supervisor.core.log import log
from rtd.supervisor.core.unix_socket import peer_pid

#: The zygote is ours, but a broken one must not take the supervisor's memory.
FRAME_LIMIT: Final = 64 << 20

OnMessage = Callable[["ZygoteConnection", str, dict[str, Any]], None]
OnLost = Callable[["ZygoteConnection"], None]


class ZygoteConnection(asyncio.Protocol):
    """One connection from a zygote.

    Args:
        on_message: called with each notification, in order.
        on_lost: called once when the connection has ended.

    Attributes:
        peer_pid: the process that connected, as the kernel reports it.
    """

    def __init__(self, on_message: OnMessage, on_lost: OnLost) -> None:
        self._on_message = on_message
        self._on_lost = on_lost
        self._decoder = Decoder(FRAME_LIMIT)
        self._transport: asyncio.Transport | None = None
        self.peer_pid = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.peer_pid = peer_pid(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        """Hand on each message. Closes the connection when a frame is none: the zygote then
        connects again."""
        try:
            for message in self._decoder.feed(data):
                if isinstance(message, frames.Notification):
                    self._on_message(self, message.method, message.params)
        except RtdError as error:
            log.error("a zygote sent something that is no message: %s", error)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._on_lost(self)

    def send(self, command: ZygoteMessage) -> None:
        """Send a command. Does nothing on a connection that is lost: the zygote says hello
        again, and the supervisor then decides again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(command))

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()
