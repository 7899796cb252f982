"""One daemon per runtime directory and per state directory: a locked file in each.

The lock is what counts (`flock`: the kernel drops it with its owner, however that ends; processes
that the daemon starts do not inherit it). The number in the file is for people and for `rtd stop`.
Only the owner may open the file: a user who can open it can lock it, too.
"""

import contextlib
import fcntl
import os
import pwd
from pathlib import Path
from typing import Final

from rtd.common.errors import Conflict, NotPermitted
from rtd.config.lock_holder import STARTING, read_holder
from rtd.config.paths import DaemonPaths
from rtd.config.system_errors import name_path
from rtd.supervisor.lifecycle.lock_evidence import check_lock_owner

_STARTING_LINE: Final = f"{STARTING}\n".encode()


class LockFile:
    """A file that one daemon locks for its whole life.

    Args:
        path: of the file. It stays after a crash; that does no harm.
        note: a second line after the pid, for example the runtime directory of the daemon.
    """

    def __init__(self, path: Path, note: str = "") -> None:
        self.path = path
        self._note = note
        self._is_ready = False
        self._fd = -1

    def acquire(self) -> bool:
        """Lock the file and write this process's pid into it; False: another process has it.

        Raises:
            OSError: the file cannot be made or written; names it.
        """
        with name_path(self.path):
            fd = self._lock()
            if fd is None:
                return False
            try:
                os.ftruncate(fd, 0)
                os.pwrite(fd, self._lines() + (b"" if self._is_ready else _STARTING_LINE), 0)
            except OSError:
                os.close(fd)
                raise
        self._fd = fd
        return True

    def mark_ready(self) -> None:
        """Say in the file that the daemon has started."""
        self._is_ready = True
        if self._fd >= 0:
            os.ftruncate(self._fd, len(self._lines()))

    def _lines(self) -> bytes:
        return f"{os.getpid()}\n{self._note}\n".encode(errors="surrogateescape")

    def _lock(self) -> int | None:
        """Return the descriptor of the locked file; None: another process has it."""
        while True:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                return None
            if _is_at(fd, self.path):
                return fd
            os.close(fd)  # its last holder has just removed it: the path names another file now

    def renew(self) -> None:
        """Make the file again, which another program has removed, and lock it."""
        old, self._fd = self._fd, -1
        if self.acquire():
            os.close(old)
        else:
            self._fd = old

    def release(self) -> None:
        """Remove the file and drop the lock. Does nothing if it is not held."""
        if self._fd >= 0:
            if _is_at(self._fd, self.path):
                self.path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = -1


def lock_directories(
    places: DaemonPaths, ends: contextlib.ExitStack | contextlib.AsyncExitStack
) -> list[LockFile]:
    """Lock both directories for this daemon until `ends` ends. Returns the locks.

    Raises:
        Conflict: another daemon has one of them; the sentence names its pid.
    """
    locks = []
    for path in (places.pid_file, places.lock_file):
        lock = LockFile(path, str(places.runtime_dir))
        if not lock.acquire():
            raise _taken(places, path)
        ends.callback(lock.release)
        locks.append(lock)
    return locks


def check_free(places: DaemonPaths) -> None:
    """Check that no daemon has one of the directories now. Raises Conflict."""
    for path in (places.pid_file, places.lock_file):
        if holder(path) is not None:
            raise _taken(places, path)


def holder(path: Path) -> int | None:
    """Return the pid of the daemon that holds a lock file now, or None: no daemon does.

    Raises:
        NotPermitted: the file or its directory belongs to another user.
    """
    found = _read(path)
    return None if found is None else found[0]


def holder_with(places: DaemonPaths) -> int | None:
    """Return the pid of the daemon of these paths, even if its pid file was removed; None: none.

    Raises:
        NotPermitted: a file or its directory belongs to another user, or names a process that is
            not its holder.
    """
    pid, path = holder(places.pid_file), places.pid_file
    if pid is None and (found := _read(places.lock_file)) is not None:
        pid, path = found[0] if found[1] == str(places.runtime_dir) else None, places.lock_file
    if pid:
        check_lock_owner(path, pid)
    return pid


def is_starting(places: DaemonPaths) -> bool:
    """Return whether the daemon of these paths has not yet started. Raises NotPermitted."""
    found = _read(places.pid_file)
    return found is not None and found[2]


def _read(path: Path) -> tuple[int, str, bool] | None:
    """Return the pid and the note of the holder, and whether it is starting; pid 0: it has not
    written them yet."""
    try:
        return read_holder(path)
    except PermissionError:
        raise NotPermitted(describe_owner(path)) from None


def describe_owner(path: Path) -> str:
    """Return a sentence: which user has the daemon there, as far as the file system shows."""
    seen = next(place for place in (path, *path.parents) if _owner(place) is not None)
    name = _owner(seen)
    who = "root" if name == "root" else f"{name} and root"
    return f"{seen} belongs to {name}; only {who} may start and stop a daemon there"


def _owner(path: Path) -> str | None:
    try:
        uid = path.stat().st_uid
    except OSError:
        return None
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _taken(places: DaemonPaths, path: Path) -> Conflict:
    pid, where, _ = _read(path) or (0, "", False)
    who = f"a daemon is running already (pid {pid or 'unknown'}"
    if path == places.pid_file:
        return Conflict(
            f"{who}) with {places.runtime_dir}:"
            " stop it with `rtd stop`, or set RTD_RUNTIME_DIR for another one"
        )
    return Conflict(
        f"{who}, runtime directory {where or 'unknown'}) with the state directory"
        f" {places.state_dir}: stop it first, or set RTD_STATE_DIR for another one"
    )


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False
