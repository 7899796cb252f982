"""Evidence that a process is the daemon that a lock file names.

The number in the file is written by the process that has locked it, which may be a program of the
file's owner, and may name any process.
"""

import os
import stat
from pathlib import Path

from rtd.common.errors import NotPermitted
from rtd.config.file_owners import user_text


def check_lock_owner(path: Path, pid: int) -> None:
    """Check that a process holds a lock file, and belongs to the owner of the file and directory.

    Raises:
        NotPermitted: it does not, or that cannot be seen.
    """
    try:
        fault = _fault(path, pid)
    except OSError as error:
        fault = f"that it has cannot be seen ({error.strerror})"
    if fault is not None:
        raise NotPermitted(
            f"{path} names process {pid} as the daemon, but {fault}: nothing is sent to it; if it"
            f" is the daemon, `kill {pid}` ends it"
        )


def _fault(path: Path, pid: int) -> str | None:
    file, folder = path.lstat(), path.parent.stat()
    if not stat.S_ISREG(file.st_mode):
        return "the file is no regular file"
    if file.st_uid != folder.st_uid:
        owners = f"{user_text(file.st_uid)}, its directory to {user_text(folder.st_uid)}"
        return f"the file belongs to {owners}"
    owner = os.stat(f"/proc/{pid}").st_uid
    if owner != file.st_uid:
        return f"that belongs to {user_text(owner)}, and the file to {user_text(file.st_uid)}"
    return None if _has_locked(pid, file) else "that has not locked it"


def _has_locked(pid: int, file: os.stat_result) -> bool:
    """Return whether a process has the file open, and itself has locked it there."""
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            if not os.path.samestat(os.stat(f"/proc/{pid}/fd/{name}"), file):
                continue
            lines = Path(f"/proc/{pid}/fdinfo/{name}").read_text().splitlines()
        except OSError:
            continue  # closed meanwhile
        for line in lines:
            words = line.split()  # lock: 1: FLOCK  ADVISORY  WRITE 4711 fe:00:2280287 0 EOF
            if words[:1] == ["lock:"] and words[2:3] == ["FLOCK"] and words[5:6] == [str(pid)]:
                return True
    return False
