"""One daemon per runtime directory: a locked pid file.

The lock is the truth (`flock`: the kernel drops it with its owner, however that ends);
the number in the file is there for people and for `rtd stop`.
"""

import fcntl
import os
from pathlib import Path

from rtd.model.errors import Conflict


class PidFile:
    """The locked `rtd.pid` of a runtime directory.

    Args:
        path: where the file lies. It stays after a crash; that does no harm.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1

    def acquire(self) -> None:
        """Lock the file and write this process's pid into it.

        Raises:
            Conflict: another daemon holds it; the sentence names its pid.
        """
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(fd, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise Conflict(
                f"a daemon is running already (pid {holder}) with {self.path.parent}:"
                " stop it with `rtd stop`, or set RTD_RUNTIME_DIR for another one"
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd

    def release(self) -> None:
        """Remove the file and drop the lock. Harmless when it is not held."""
        if self._fd >= 0:
            self.path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = -1


def holder(path: Path) -> int | None:
    """The pid of the daemon that holds the file now, or None when nobody does."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(fd, 32, 0).decode(errors="replace").strip()
        return int(text) if text.isdigit() else None
    else:
        return None
    finally:
        os.close(fd)
