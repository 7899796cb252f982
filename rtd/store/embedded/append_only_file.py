"""Making the append-only file of the embedded Redis survive a power cut.

Redis runs with `appendfsync no`: it hands every write to the kernel before it answers, so
that killing it loses nothing, and never waits for a disk. (`everysec` does postpone writes
while a sync runs: measured, it lost acknowledged ones when it was killed on a busy disk.)
`sync` brings the rest to the disk; `rtd.store.embedded.keep_alive` calls it each second.
"""

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

#: A file of data that the manifest of Redis 7.0 and later names: a base or what came after it.
_NAMED: Final = re.compile(r'^file "?(\S+?)"? seq \d+ type [bi]', re.MULTILINE)


class _FileState(NamedTuple):
    inode: int
    size: int


class AppendOnlyFiles:
    """The files of one Redis directory, and how much of each is known to be on disk.

    Args:
        directory: Redis' working directory.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._synced: dict[Path, _FileState] = {}
        self._parts: list[str] | None = None  # unknown: the first time they are synced

    def has_grown(self) -> bool:
        """Whether there may be something to sync.

        Never waits for the disk, so that a loop need not wake a thread each second for nothing.
        """
        if self._names() != self._parts:
            return True
        whole = self._directory / "appendonly.aof"
        if whole not in self._synced and whole.exists():
            return True
        return any(_file_state(path) != mark for path, mark in self._synced.items())

    def sync(self) -> int:
        """Sync what has grown since the last time. Return how many files that were.

        Blocks as long as the disk takes. Opens the files again each time, because Redis replaces
        them when it rewrites; for a new one it syncs the directory too.
        """
        count = 0
        self._parts = self._names()
        for path in self._files():
            count += self._sync_one(path)
        for path in [p for p in self._synced if not p.exists()]:
            del self._synced[path]
        return count

    def are_missing(self) -> bool:
        """Whether a file that holds data is not there.

        A server that runs has made its files, so another program has removed it.
        """
        manifest = self._manifest()
        while manifest is not None:
            folder = self._directory / "appendonlydir"
            if all((folder / name).exists() for name in _NAMED.findall(manifest)):
                return False
            before, manifest = manifest, self._manifest()
            if manifest == before:  # else Redis has replaced the files meanwhile
                return True
        return not (self._directory / "appendonly.aof").exists()

    def _manifest(self) -> str | None:
        path = self._directory / "appendonlydir" / "appendonly.aof.manifest"
        try:
            return path.read_text(errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _names(self) -> list[str]:
        try:
            return sorted(os.listdir(self._directory / "appendonlydir"))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _files(self) -> list[Path]:
        # 7.0 and later keep several files in a directory, 6.2 keeps one file.
        parts = sorted((self._directory / "appendonlydir").glob("appendonly.aof.*"))
        return [*parts, self._directory / "appendonly.aof"]

    def _sync_one(self, path: Path) -> int:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return 0
        try:
            status = os.fstat(fd)
            mark, before = _FileState(status.st_ino, status.st_size), self._synced.get(path)
            if mark == before:
                return 0
            os.fdatasync(fd)
        finally:
            os.close(fd)
        if before is None or before.inode != mark.inode:
            _sync_directory(path.parent)
        self._synced[path] = mark
        return 1


def _file_state(path: Path) -> _FileState | None:
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return _FileState(status.st_ino, status.st_size)


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
