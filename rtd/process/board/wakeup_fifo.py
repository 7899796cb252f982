"""A FIFO that wakes the supervisor: one byte says "look at the board".

Opened for reading and writing by every side: so an open never waits or fails for want of
the other side, the reader never sees an end of file when the last ringer leaves, and what
was rung while no supervisor lived is still there for the next one.
"""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["WakeupFifo"]


class WakeupFifo:
    """One end of the FIFO at `path`; it is made (mode 0600) when it is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """For a selector: readable when somebody rang."""
        return self._fd

    def wake(self) -> None:
        """Wake the reader. Never waits: when the FIFO is full, it has been rung enough."""
        with suppress(BlockingIOError):
            os.write(self._fd, b"!")

    def drain(self) -> int:
        """Take the rings that have piled up; answers how many (at most 65,536)."""
        try:
            return len(os.read(self._fd, 65536))
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Give the descriptor back. A closed bell cannot be rung."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
