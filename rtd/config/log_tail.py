"""The end of a log: what the program that was started last has written there."""

from pathlib import Path
from typing import Final

__all__ = ["LogTail"]

_TAIL_BYTES: Final = 2000


class LogTail:
    """The file behind the stdout and stderr of a program.

    Args:
        path: of the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = 0

    def begin(self) -> None:
        """Take what the file holds now for the words of earlier programs."""
        self._start = self._size()

    def last_words(self) -> str:
        """Return the last line of this program, for the end of a sentence."""
        size = self._size()
        start = self._start if self._start <= size else 0  # the file was cut meanwhile
        try:
            with self.path.open("rb") as log:
                log.seek(max(start, size - _TAIL_BYTES))
                lines = log.read().decode(errors="replace").strip().splitlines()
        except OSError as error:
            return f"{self.path} cannot be read: {error.strerror}"
        return f"{self.path} ends with: {lines[-1]}" if lines else f"nothing is in {self.path}"

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0
