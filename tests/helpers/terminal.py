"""A command on a terminal of its own."""

import codecs
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence


class Terminal:
    """A process whose stdin, stdout and stderr are a pseudo terminal.

    Args:
        command: found on the PATH of `env`.
        columns: how wide the terminal is.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], columns: int) -> None:
        self._main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        clean = {k: v for k, v in env.items() if k not in ("NO_COLOR", "COLUMNS")}
        self.process = subprocess.Popen(
            ["env", *command],
            env={**clean, **{k: env[k] for k in ("NO_COLOR",) if k in env}, "TERM": "xterm"},
            stdin=side,
            stdout=side,
            stderr=side,
        )
        os.close(side)
        self.text = ""
        # A read may end within a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def read_until(self, text: str, *, within_s: float = 10.0) -> str:
        """Everything that was shown until this text came."""
        ends = time.monotonic() + within_s
        while text not in self.text:
            assert time.monotonic() < ends, f"no {text!r} in {self.text!r}"
            self._read(0.2)
        return self.text

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self._main, text.encode())

    def finish(self, *, within_s: float = 15.0) -> tuple[str, int]:
        """Wait for its end. Returns what it showed, and its exit code."""
        ends = time.monotonic() + within_s
        while self._read(0.2):
            assert time.monotonic() < ends, f"not ended; it shows {self.text!r}"
        os.close(self._main)
        return self.text.replace("\r\n", "\n"), self.process.wait(5)

    def _read(self, wait_s: float) -> bool:
        """Whether there may be more."""
        if not select.select([self._main], [], [], wait_s)[0]:
            return True
        try:
            data = os.read(self._main, 65536)
        except OSError:  # the other side is closed
            return False
        self.text += self._decoder.decode(data)
        return bool(data)
