"""How the start of a daemon went: the message that `rtd start` waits for."""

import contextlib
import os

from rtd.common.errors import RtdError
from rtd.config.python_command import READY, start_line

__all__ = ["StartError", "StartMessage"]


class StartError(RtdError):
    """The daemon could not start."""

    code = "internal"


class StartMessage:
    """Tells `rtd start`, at the other end of a pipe, how the start went.

    Args:
        fd: of the pipe; None: no process waits for it.

    Attributes:
        is_ready: the daemon has started.
    """

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        self.is_ready = False

    def send_ready(self, note: str = "") -> None:
        """Say that the daemon is ready.

        Args:
            note: a sentence for who has started it.
        """
        self.is_ready = True
        if self._fd is not None:
            self._send(READY, note)
            os.close(self._fd)

    def send_fault(self, fault: str, code: str = StartError.code) -> None:
        """Say why it did not start. The end of this process follows, which closes the pipe.

        Args:
            code: of the error.
        """
        if not self.is_ready:
            self._send(code, fault)

    def _send(self, code: str, text: str) -> None:
        if self._fd is not None:
            with contextlib.suppress(OSError):
                os.write(self._fd, start_line(code, text).encode(errors="backslashreplace"))
