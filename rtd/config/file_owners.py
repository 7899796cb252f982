"""Whether other users could change a file, or replace what is in a directory.

Imported by every `rtctl` that finds its socket by itself, so it must stay cheap. A fault is the
rest of a sentence whose subject is the file or the directory.
"""

from __future__ import annotations

import os
from stat import S_IMODE, S_ISLNK, S_ISVTX, S_IWGRP, S_IWOTH

#: More symbolic links than this lead in a circle; the kernel's own limit.
_MOST_LINKS = 40
#: Bits of a mode with which more users than the owner may write.
_WRITABLE_BY_OTHERS = S_IWGRP | S_IWOTH


def directory_fault(path: str | os.PathLike[str], sticky_is_safe: bool = False) -> str | None:
    """Return why other users could replace what is in a directory; None: they cannot.

    Args:
        sticky_is_safe: only files of one's own are in it, which a sticky bit protects.

    Raises:
        OSError: there is no such directory, or it cannot be read.
    """
    status = os.stat(path)
    # The owner of a symbolic link can turn it elsewhere at any time.
    for uid in (os.lstat(path).st_uid, status.st_uid):
        if not is_own(uid):
            return f"it belongs to {user_text(uid)}, who could replace what is in it"
    if status.st_mode & _WRITABLE_BY_OTHERS and not (sticky_is_safe and status.st_mode & S_ISVTX):
        return (
            f"others may write there ({_mode_text(status)}), so could replace what is in it;"
            " `chmod go-w`"
        )
    return None


def file_fault(path: str | os.PathLike[str], fd: int | None = None) -> str | None:
    """Return why other users could change or replace a file; None: they cannot.

    The file, its directory and links that lead to it must belong to root or to this user, and no
    other user may write them. A sticky directory such as /tmp is not good enough: others may put a
    file there.

    Args:
        fd: the open file, which counts in place of the one that the path names now.

    Raises:
        OSError: there is no such file.
    """
    fault = content_fault(path, os.stat(path) if fd is None else os.fstat(fd))
    for entry, folder in passed_links(path):
        fault = fault or _owner_fault(os.lstat(entry)) or folder_fault(folder)
    return fault


def content_fault(path: str | os.PathLike[str], status: os.stat_result) -> str | None:
    """Return why other users could change a file with this status; None: they cannot."""
    fault = _owner_fault(status)
    if fault is None and _others_write(path, status):
        fault = f"others may write it ({_mode_text(status)}); `chmod go-w` it"
    return fault


def folder_fault(folder: str | os.PathLike[str], what: str = "its directory") -> str | None:
    """Return why other users could put files into a directory; None: they cannot.

    Members of a user's own private group count as that user.
    """
    status = os.stat(folder)
    if not is_own(status.st_uid):
        return f"{what} {folder} belongs to {user_text(status.st_uid)}"
    if _others_write(folder, status):
        return (
            f"others may write in {what} {folder} ({_mode_text(status)});"
            f" use one of your own, or `chmod go-w {folder}`"
        )
    return None


def parents_fault(path: str | os.PathLike[str]) -> str | None:
    """Return why other users could put another directory in the place of one; None: they cannot.

    Args:
        path: absolute; its last parts need not exist. Itself it is not judged.
    """
    for entry, folder in passed_entries(path):
        try:
            status = os.stat(folder)
        except OSError:
            break  # the rest does not exist: rtd makes it
        if not _is_own_or_unmapped(status.st_uid):
            return f"{folder}, which it is in, belongs to {user_text(status.st_uid)}"
        if not _others_write(folder, status):
            continue
        if not status.st_mode & S_ISVTX:
            return (
                f"others may write in {folder}, which it is in ({_mode_text(status)});"
                f" `chmod go-w {folder}`"
            )
        if os.path.lexists(entry) and not _is_own_or_unmapped(uid := os.lstat(entry).st_uid):
            return f"{entry}, on the way to it, belongs to {user_text(uid)}"
    return None


def is_own(uid: int) -> bool:
    """Check whether a user is root or the one that runs this."""
    return uid in (0, os.getuid())


def passed_links(path: str | os.PathLike[str]) -> list[tuple[str, str]]:
    """Return the last name of a path, and what it leads to if it is a link, and so on: each as
    (entry, its directory)."""
    entry = os.path.abspath(path)
    found: list[tuple[str, str]] = []
    while len(found) < _MOST_LINKS:
        found.append((entry, os.path.dirname(entry)))
        if not S_ISLNK(os.lstat(entry).st_mode):
            break
        entry = os.path.join(os.path.dirname(entry), os.readlink(entry))
    return found


def passed_entries(path: str | os.PathLike[str]) -> list[tuple[str, str]]:
    """Return each name that the kernel goes through on a path, links followed: (entry, its
    directory), the outermost first."""
    names, here, links = os.fspath(path).split("/")[::-1], "/", 0
    found: list[tuple[str, str]] = []
    while names:
        name = names.pop()
        if name in ("", "."):
            continue
        if name == "..":
            here = os.path.dirname(here)
            continue
        entry = os.path.join(here, name)
        found.append((entry, here))
        if os.path.islink(entry) and links < _MOST_LINKS:
            target = os.readlink(entry)
            here = "/" if target.startswith("/") else here
            names += target.split("/")[::-1]
            links += 1
        else:
            here = entry
    return found


def user_text(uid: int) -> str:
    """Return `uid 1000 (anna)`."""
    import pwd  # lazy: only a fault needs the names

    try:
        return f"uid {uid} ({pwd.getpwuid(uid).pw_name})"
    except KeyError:
        return f"uid {uid}"


def _owner_fault(status: os.stat_result) -> str | None:
    return None if is_own(status.st_uid) else f"it belongs to {user_text(status.st_uid)}"


def _mode_text(status: os.stat_result) -> str:
    return f"{user_text(status.st_uid)}, mode {S_IMODE(status.st_mode):04o}"


def _others_write(path: str | os.PathLike[str], status: os.stat_result) -> bool:
    if status.st_mode & S_IWOTH:
        return True
    return bool(status.st_mode & S_IWGRP) and not _is_private(status.st_gid, path)


def _is_private(gid: int, path: str | os.PathLike[str]) -> bool:
    """Return whether only root or this user is in a group: it has the name of the user, is the
    user's first group, and lists no other member."""
    import grp  # lazy: few files are writable for a group
    import pwd  # lazy: as above

    try:
        # The bits of the group are the most that any entry of an access list gives.
        if "system.posix_acl_access" in os.listxattr(path):
            return False
        group = grp.getgrgid(gid)
        user = pwd.getpwnam(group.gr_name)
    except (KeyError, OSError):
        return False
    return is_own(user.pw_uid) and user.pw_gid == gid and set(group.gr_mem) <= {user.pw_name}


def _is_own_or_unmapped(uid: int) -> bool:
    """As `is_own`; in a user namespace that knows few users (`unshare --user`), the root directory
    belongs to a user that has no number there."""
    if is_own(uid):
        return True
    try:
        with open("/proc/sys/kernel/overflowuid") as file:
            unmapped = int(file.read())
        with open("/proc/self/uid_map") as file:
            ranges = [[int(part) for part in line.split()] for line in file]
    except (OSError, ValueError):
        return False
    return uid == unmapped and not any(low <= uid < low + count for low, _, count in ranges)
