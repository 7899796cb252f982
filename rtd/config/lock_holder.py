"""The process that holds a lock file: a daemon locks one in each of its directories.

Imported by `rtctl` when it cannot reach a daemon, so it must stay cheap.
"""

from __future__ import annotations

import fcntl
import os

#: The third line of a lock file as long as its daemon is not ready.
STARTING = "starting"


def read_holder(path: str | os.PathLike[str]) -> tuple[int, str, bool] | None:
    """Return the process that has locked a file: its pid, its note, whether it is starting; None:
    none has.

    The pid is 0 as long as the holder has not written it.

    Raises:
        PermissionError: the file belongs to another user.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        raise
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(fd, 5000, 0).decode(errors="surrogateescape")
        pid, note, state, *_ = [*text.split("\n"), "", "", ""]
        return (int(pid) if pid.isdigit() else 0), note.strip(), state == STARTING
    finally:
        os.close(fd)
    return None
