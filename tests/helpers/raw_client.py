"""A client that sends what it likes: frames of its own, half ones, many at once."""

import socket
from typing import Any

from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from tests.helpers.daemon import Daemon

HELLO = frames.encode_request(1, "hello", {"version": frames.VERSION, "client": "test"})


class RawClient:
    """One connection to a daemon, greeted.

    Args:
        daemon: the daemon.
        timeout_s: how long a send or a receive may take.
    """

    def __init__(self, daemon: Daemon, timeout_s: float = 30.0) -> None:
        self.link = socket.socket(socket.AF_UNIX)
        self.link.settimeout(timeout_s)
        self.link.connect(str(daemon.socket))
        self._decoder = Decoder(1 << 30)
        self._came: list[frames.Response] = []
        self._last = 1
        self.link.sendall(HELLO)
        assert self.receive().error is None

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()

    def send(self, method: str, **params: Any) -> int:
        """Send a request. Returns its id."""
        self._last += 1
        self.link.sendall(frames.encode_request(self._last, method, params))
        return self._last

    def receive(self) -> frames.Response:
        """Return the next answer, leaving out parts of streams."""
        while not self._came:
            data = self.link.recv(1 << 20)
            assert data, "the daemon has closed the connection"
            messages = self._decoder.feed(data)
            self._came += [one for one in messages if isinstance(one, frames.Response)]
        return self._came.pop(0)

    def call(self, method: str, **params: Any) -> Any:
        """Return the answer to a request. Raises its error."""
        wanted = self.send(method, **params)
        answer = self.receive()
        assert answer.msgid in (0, wanted)
        if answer.error is not None:
            raise answer.error
        return answer.result
