"""Makes the daemon's directories, and refuses those that another user could change.

A user who may write into a directory may replace the socket in it, and so lead clients to another
daemon.
"""

import os
import pwd
import stat
from pathlib import Path

from rtd.common.errors import ConfigError
from rtd.config.paths import DaemonPaths

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


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


def _make(path: Path, mode: int, sticky_is_safe: bool = False) -> None:
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        # The owner of a symbolic link can turn it elsewhere at any time.
        owners = {path.lstat().st_uid, path.stat().st_uid}
        bits = path.stat().st_mode
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from None
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
    return ConfigError(
        f"the directory {path} cannot be used: {why}; RTD_RUNTIME_DIR and RTD_STATE_DIR name others"
    )


def _user(uid: int) -> str:
    try:
        return f"uid {uid} ({pwd.getpwuid(uid).pw_name})"
    except KeyError:
        return f"uid {uid}"
