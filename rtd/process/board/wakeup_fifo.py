"""A FIFO that wakes the supervisor: one byte says "look at the board".

Each side opens it for reading and writing. So an open never waits for the other side, the
reader sees no end of file when the last writer leaves, and bytes that were written while no
supervisor lived are still there for the next one.
"""

from contextlib import suppress
from pathlib import Path

from rtd.common.stdlib.originals import os

__all__ = ["WakeupFifo"]


class WakeupFifo:
    """One end of the FIFO at `path`; makes it (mode 0600) if need be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """Return the descriptor, for a selector: readable after a `wake`."""
        return self._fd

    def wake(self) -> None:
        """Wake the reader. Never waits: a full FIFO wakes it as well."""
        with suppress(BlockingIOError):
            os.write(self._fd, b"!")

    def drain(self) -> int:
        """Take the bytes that have piled up. Returns how many (at most 65,536)."""
        try:
            return len(os.read(self._fd, 65536))
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Close the descriptor. A closed FIFO wakes no reader."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
