"""Waiting for a file to change, without looking again and again (inotify(7))."""

import ctypes
import os
import struct
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["Changes", "FileWatch"]

_IN_MODIFY: Final = 0x2
_IN_CLOSE_WRITE: Final = 0x8
_IN_DELETE_SELF: Final = 0x400
_IN_MOVE_SELF: Final = 0x800
_IN_ATTRIB: Final = 0x4  # also says that the last name is gone while we hold it open
_IN_IGNORED: Final = 0x8000
_IN_NONBLOCK: Final = os.O_NONBLOCK
_IN_CLOEXEC: Final = os.O_CLOEXEC
_WATCHED: Final = _IN_MODIFY | _IN_CLOSE_WRITE | _IN_DELETE_SELF | _IN_MOVE_SELF | _IN_ATTRIB
_HEAD: Final = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)


class Changes(NamedTuple):
    """What has happened to a file since the last look.

    Attributes:
        modified: it was written to or cut. closed: a writer closed it.
        moved: it has another name, or none, now: what comes next is in another file.
    """

    modified: bool
    closed: bool
    moved: bool


class FileWatch:
    """Watches one file; `fileno()` is readable when there are changes.

    The file itself is watched, not its name: after a rename it goes on with the same file.

    Raises:
        FileNotFoundError: there is no such file. OSError: too many watches.
    """

    def __init__(self, path: Path) -> None:
        self._fd = _checked(_libc.inotify_init1(_IN_NONBLOCK | _IN_CLOEXEC), "inotify_init1")
        try:
            name = os.fsencode(path)
            _checked(_libc.inotify_add_watch(self._fd, name, _WATCHED), str(path))
        except OSError:
            self.close()
            raise

    def fileno(self) -> int:
        """For a selector."""
        return self._fd

    def take(self) -> Changes:
        """The changes since the last call; all false when there are none. Never waits."""
        mask = 0
        try:
            blob = os.read(self._fd, 65536)
        except BlockingIOError:
            blob = b""
        at = 0
        while at < len(blob):
            _, bits, _, length = _HEAD.unpack_from(blob, at)
            mask |= bits
            at += _HEAD.size + length
        return Changes(
            modified=bool(mask & _IN_MODIFY),
            closed=bool(mask & _IN_CLOSE_WRITE),
            moved=bool(mask & (_IN_MOVE_SELF | _IN_DELETE_SELF | _IN_IGNORED)),
        )

    def close(self) -> None:
        """Stop watching."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _checked(answer: int, what: str) -> int:
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
    return int(answer)
