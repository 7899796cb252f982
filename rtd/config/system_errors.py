"""Sentences for the errors of the system: what cannot be used, why, and what to do about it.

The kernel says "No space left on device" and not which directory is meant, whether it lacks bytes
or inodes, and who can change that.
"""

import contextlib
import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["describe_system_error", "name_path"]

_SENTENCES: Final = {
    errno.EROFS: "its file system is read-only; mount it for writing",
    errno.EDQUOT: "the quota of its user is used up; make room or raise the quota",
    errno.ENFILE: "the system has as many open files as it may have (sysctl fs.file-max)",
    errno.EISDIR: "a directory has that name; move it away",
    errno.EEXIST: "a file has that name; move it away",
    errno.ENOTDIR: "a part of the path is a file; move that away",
    errno.EIO: "the disk fails (Input/output error)",
}


@contextlib.contextmanager
def name_path(path: Path) -> Iterator[None]:
    """Name the path in an OSError that names none: of a write, a lock, a map."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def describe_system_error(error: OSError) -> str:
    """Return one sentence: which path cannot be used, why, what to do."""
    reason = _describe_reason(error)
    if error.filename is None:
        return f"the system refuses: {reason}"
    return f"{os.fsdecode(error.filename)} cannot be used: {reason}"


def _describe_reason(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return _describe_full_disk(error.filename)
    if error.errno == errno.EFBIG:
        most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        return f"a file may have at most {most} bytes (`ulimit -f`, LimitFSIZE); raise that"
    if error.errno == errno.EMFILE:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return f"a process may open at most {most} files (`ulimit -n`, LimitNOFILE); raise that"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"uid {os.geteuid()} may not use it (Permission denied); change its owner or mode"
    return _SENTENCES.get(error.errno or 0) or error.strerror or str(error)


def _describe_full_disk(name: str | bytes | None) -> str:
    if name is not None and _lacks_inodes(Path(os.fsdecode(name))):
        return "its disk has no inodes left; delete files there"
    return "its disk is full; make room there"


def _lacks_inodes(path: Path) -> bool:
    there = next((place for place in (path, *path.parents) if place.exists()), None)
    if there is None:
        return False
    facts = os.statvfs(there)
    return facts.f_files > 0 and facts.f_favail == 0
