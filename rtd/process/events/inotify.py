"""Waits for a file, or the content of folders, to change, without polling (inotify(7))."""

import ctypes
import errno
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from rtd.common.stdlib.originals import os

__all__ = ["FileChanges", "FileWatch", "FolderWatch"]

_IN_MODIFY: Final = 0x2
_IN_CLOSE_WRITE: Final = 0x8
_IN_DELETE_SELF: Final = 0x400
_IN_MOVE_SELF: Final = 0x800
_IN_ATTRIB: Final = 0x4  # also says that the last name is gone while we hold it open
_IN_IGNORED: Final = 0x8000
_IN_CREATE: Final = 0x100
_IN_DELETE: Final = 0x200
_IN_MOVED_TO: Final = 0x80
_IN_MOVED: Final = 0x40 | _IN_MOVED_TO  # away from here, and to here
_IN_Q_OVERFLOW: Final = 0x4000
_IN_ISDIR: Final = 0x4000_0000
_IN_ONLYDIR: Final = 0x0100_0000
_IN_NONBLOCK: Final = os.O_NONBLOCK
_IN_CLOEXEC: Final = os.O_CLOEXEC
_WATCHED: Final = _IN_MODIFY | _IN_CLOSE_WRITE | _IN_DELETE_SELF | _IN_MOVE_SELF | _IN_ATTRIB
#: Events that put another file behind a name in a folder, or replace the folder itself.
_IN_FOLDER: Final = (
    _IN_CLOSE_WRITE | _IN_ATTRIB | _IN_CREATE | _IN_DELETE | _IN_MOVED | _IN_DELETE_SELF
    | _IN_MOVE_SELF | _IN_ONLYDIR
)  # fmt: skip
_IN_WRITTEN: Final = _IN_CLOSE_WRITE | _IN_ATTRIB
_READ_BYTES: Final = 65536
_HEAD: Final = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)


class FileChanges(NamedTuple):
    """The changes of a file since the last call.

    Attributes:
        modified: a process wrote to it or cut it.
        closed: a writer closed it.
        moved: it has another name, or none, now: the next output is in another file.
    """

    modified: bool
    closed: bool
    moved: bool


class FileWatch:
    """Watches one file; `fileno()` is readable when there are changes.

    Follows the file itself, not its name: after a rename it goes on with the same file.

    Raises:
        FileNotFoundError: there is no such file. OSError: too many watches.
    """

    def __init__(self, path: Path, watched: int = _WATCHED) -> None:
        self._fd = _checked(_libc.inotify_init1(_IN_NONBLOCK | _IN_CLOEXEC), "inotify_init1")
        try:
            name = os.fsencode(path)
            _checked(_libc.inotify_add_watch(self._fd, name, watched), str(path))
        except OSError:
            self.close()
            raise

    @classmethod
    def of_new_files(cls, folder: Path) -> "FileWatch":
        """Watch a folder for files that get a name in it, and for nothing that is done to them."""
        return cls(folder, _IN_CREATE | _IN_MOVED_TO | _IN_ONLYDIR)

    def fileno(self) -> int:
        """Return the descriptor, for a selector."""
        return self._fd

    def read_changes(self) -> FileChanges:
        """Return the changes since the last call; all false when there are none. Never waits."""
        mask = 0
        for _, bits, _ in _read(self._fd):
            mask |= bits
        return FileChanges(
            modified=bool(mask & _IN_MODIFY),
            closed=bool(mask & _IN_CLOSE_WRITE),
            moved=bool(mask & (_IN_MOVE_SELF | _IN_DELETE_SELF | _IN_IGNORED)),
        )

    def close(self) -> None:
        """Stop watching."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class FolderWatch:
    """Watches folders; `fileno()` is readable when something in one of them may have changed.

    Sees only entries directly in a folder: for a tree, watch each of its folders.

    Raises:
        OSError: the user has as many watches as the system allows.
    """

    def __init__(self) -> None:
        self._fd = _checked(_libc.inotify_init1(_IN_NONBLOCK | _IN_CLOEXEC), "inotify_init1")
        self._watches: dict[str, int] = {}
        self._names: dict[int, frozenset[str] | None] = {}

    def fileno(self) -> int:
        """Return the descriptor, for a selector."""
        return self._fd

    def watch(self, folders: Mapping[str, frozenset[str] | None]) -> bool:
        """Watch these folders and no others.

        Args:
            folders: with the names in them that matter; None: all do.

        Returns:
            Whether some folders are new: their earlier changes were not seen.

        Raises:
            OSError: one more watch cannot be had; those before it are watched.
        """
        for path in self._watches.keys() - folders.keys():
            self._forget(path)
        added = False
        for path, names in folders.items():
            if path not in self._watches:
                number = _libc.inotify_add_watch(self._fd, os.fsencode(path), _IN_FOLDER)
                if number < 0 and ctypes.get_errno() in (errno.ENOENT, errno.ENOTDIR):
                    continue  # gone again: the folder that it was in tells that
                self._watches[path] = _checked(number, path)
                added = True
            self._names[self._watches[path]] = names
        return added

    def has_changed(self, ignored: frozenset[str], is_wanted: Callable[[str], bool]) -> bool:
        """Return whether something may have changed since the last call. Never waits.

        Args:
            ignored: names in any folder that do not matter.
            is_wanted: whether it matters when a file of that name is written. An entry that
                comes, goes or is renamed always matters: it may be a folder, or a link.
        """
        changed = False
        for number, bits, name in _read(self._fd):
            if bits & _IN_WRITTEN and not bits & _IN_ISDIR and not is_wanted(name):
                continue
            if bits & _IN_Q_OVERFLOW:
                changed = True
            elif number in self._names and name not in ignored:  # else it is not watched any more
                names = self._names[number]
                changed |= names is None or name in names
            if bits & _IN_IGNORED:  # the folder is gone, and with it the watch
                self._names.pop(number, None)
                for path in [p for p, n in self._watches.items() if n == number]:
                    del self._watches[path]
        return changed

    def _forget(self, path: str) -> None:
        number = self._watches.pop(path)
        if number not in self._watches.values():
            self._names.pop(number, None)
            _libc.inotify_rm_watch(self._fd, number)

    def close(self) -> None:
        """Stop watching."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _read(fd: int) -> Iterator[tuple[int, int, str]]:
    """Read all events: the number of the watch, the kind of event, the name in the folder."""
    while True:
        try:
            blob = os.read(fd, _READ_BYTES)
        except BlockingIOError:
            return
        at = 0
        while at < len(blob):
            number, bits, _, length = _HEAD.unpack_from(blob, at)
            at += _HEAD.size + length
            yield number, bits, os.fsdecode(blob[at - length : at].rstrip(b"\0"))


def _checked(answer: int, what: str) -> int:
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
    return int(answer)
