"""Opens log files, also in directories in which other users may write, such as /tmp."""

import errno
import io
import os
import stat
from pathlib import Path
from typing import Final

from rtd.config.file_owners import folder_fault, is_own, user_text

_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


def open_log(path: Path) -> io.BufferedRandom:
    """Open a file for reading, and for writing at its end; make it if need be.

    In a directory in which other users may write, they could have planted a link to a file of this
    user, or a file that they can read.

    Raises:
        OSError: it cannot be opened, or another user could have planted it.
    """
    is_safe = folder_fault(path.parent) is None
    # A pipe without a reader would hold the program up.
    fd = os.open(path, _FLAGS | os.O_NONBLOCK | (0 if is_safe else os.O_NOFOLLOW), 0o666)
    try:
        fault = None if is_safe else _fault(os.fstat(fd))
        if fault is not None:
            text = f"{fault}, in a directory in which others may write: move the log elsewhere"
            raise PermissionError(errno.EACCES, text, str(path))
        os.set_blocking(fd, True)
        return os.fdopen(fd, "a+b")
    except BaseException:
        os.close(fd)
        raise


def _fault(status: os.stat_result) -> str | None:
    """Return why another user could have planted this file; None: it cannot be."""
    if not stat.S_ISREG(status.st_mode):
        return "it is no regular file"
    if not is_own(status.st_uid):
        return f"it belongs to {user_text(status.st_uid)}"
    return "it has a second name (a hard link)" if status.st_nlink != 1 else None
