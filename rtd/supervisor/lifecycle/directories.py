"""Makes the daemon's directories, and refuses those that another user could change.

A user who may write into a directory may replace the socket in it, and so lead clients to another
daemon.
"""

import os
import pwd
import stat
from pathlib import Path
from typing import Final

from rtd.common.errors import ConfigError
from rtd.config.paths import DaemonPaths
from rtd.config.system_errors import describe_system_error

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
#: A start writes less than this in each directory, beside the board, which reserves its own.
_ROOM_BYTES: Final = 64 << 10
_OTHERS: Final = "RTD_RUNTIME_DIR and RTD_STATE_DIR name others"


def make_directories(places: DaemonPaths) -> None:
    """Make the directories, private if they hold users' data.

    Raises:
        ConfigError: one cannot be made or written, belongs to a user other than this one and
            root, or others may write into it.
    """
    _make(places.runtime_dir, 0o755)
    _make(places.state_dir, 0o700)
    _make(places.output_dir, 0o700)
    if places.socket.parent != places.runtime_dir:
        # Often /tmp: its sticky bit keeps users from replacing the files of others.
        _make(places.socket.parent, 0o755, sticky_is_safe=True)


def check_room(places: DaemonPaths) -> None:
    """Check that files can be made and written in the directories, before anything starts there.

    Raises:
        ConfigError: the disk is full, its inodes or a quota are used up, it is read-only, or files
            may not be as long as they have to be.
    """
    for folder in (places.runtime_dir, places.state_dir):
        path = folder / f".room.{os.getpid()}"
        try:
            _write_and_remove(path)
        except OSError as error:
            error.filename = str(folder)
            raise ConfigError(f"{describe_system_error(error)}; {_OTHERS}") from None


def _write_and_remove(path: Path) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        left = memoryview(bytes(_ROOM_BYTES))
        while left:
            left = left[os.write(fd, left) :]
    finally:
        os.close(fd)
        path.unlink()


def _make(path: Path, mode: int, sticky_is_safe: bool = False) -> None:
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        # The owner of a symbolic link can turn it elsewhere at any time.
        owners = {path.lstat().st_uid, path.stat().st_uid}
        bits = path.stat().st_mode
    except OSError as error:
        raise ConfigError(f"{describe_system_error(error)}; {_OTHERS}") from None
    for uid in owners - {0, os.getuid()}:
        raise _unusable(path, f"it belongs to {_user(uid)}, who could replace what is in it")
    if bits & _WRITABLE_BY_OTHERS and not (sticky_is_safe and bits & stat.S_ISVTX):
        shown = f"{_user(path.stat().st_uid)}, mode {stat.S_IMODE(bits):04o}"
        raise _unusable(
            path, f"others may write there ({shown}), so could replace what is in it; `chmod go-w`"
        )
    if not os.access(path, os.W_OK | os.X_OK):
        raise _unusable(path, "it cannot be written")


def _unusable(path: Path, why: str) -> ConfigError:
    return ConfigError(f"the directory {path} cannot be used: {why}; {_OTHERS}")


def _user(uid: int) -> str:
    try:
        return f"uid {uid} ({pwd.getpwuid(uid).pw_name})"
    except KeyError:
        return f"uid {uid}"
