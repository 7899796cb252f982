"""Makes the daemon's directories, and refuses those that another user could change.

A user who may write into a directory may replace the socket in it, and so lead clients to another
daemon.
"""

import os
from pathlib import Path
from typing import Final

from rtd.common.errors import ConfigError
from rtd.config.file_owners import directory_fault, parents_fault
from rtd.config.paths import DaemonPaths
from rtd.config.system_errors import describe_system_error

#: A start writes less than this in each directory, beside the board, which reserves its own.
_ROOM_BYTES: Final = 64 << 10
_OTHERS: Final = "RTD_RUNTIME_DIR and RTD_STATE_DIR name others"


def make_directories(places: DaemonPaths) -> None:
    """Make the directories, private if they hold users' data.

    Raises:
        ConfigError: one cannot be made or written, or another user could replace it or what is in
            it.
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
    mask = os.umask(0o022)  # those that are made on the way have no mode of their own
    os.umask(mask | 0o022)
    try:
        fault = parents_fault(path)
        if fault is None:
            path.mkdir(mode=mode, parents=True, exist_ok=True)
            fault = directory_fault(path, sticky_is_safe) or parents_fault(path)
    except OSError as error:
        raise ConfigError(f"{describe_system_error(error)}; {_OTHERS}") from None
    finally:
        os.umask(mask)
    if fault is None and not os.access(path, os.W_OK | os.X_OK):
        fault = "it cannot be written"
    if fault is not None:
        raise ConfigError(f"the directory {path} cannot be used: {fault}; {_OTHERS}")
