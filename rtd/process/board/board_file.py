"""The file of the board: its layout, how it is made, and how it gets room for more slots.

Most of the file is a hole. A hole that has no room on a full disk kills the process that writes
there (SIGBUS), so each page gets its room before it is used.
"""

import errno
from array import array
from pathlib import Path
from typing import Final

from rtd.common.errors import Conflict
from rtd.common.stdlib.originals import os
from rtd.config.system_errors import name_path
from rtd.model.lanes import MAX_RUNS_AT_ONCE
from rtd.process.board.slot import WORDS
from rtd.process.tree.process_identity import boot_hash

#: A zygote has one range of slots.
RANGES: Final = 16
RANGE_SLOTS: Final = MAX_RUNS_AT_ONCE
SLOTS: Final = RANGES * RANGE_SLOTS
MAGIC: Final = int.from_bytes(b"rtdboard", "little")
VERSION: Final = 2
#: The first of the words at the end: of each range, how many slots have room.
RESERVED_AT: Final = WORDS * (SLOTS + 1)
BYTES: Final = 8 * (RESERVED_AT + RANGES)
#: Slots get room so many at a time: 64 KB.
_STEP: Final = 512
#: A board of 0.1.0: its slots are the first of ours, and all have room.
_OLD_SLOTS: Final = 16384
_OLD_BYTES: Final = 8 * WORDS * (_OLD_SLOTS + 1)

# The header's words.
MAGIC_AT, VERSION_AT = 0, 1  # NEXT_SCAN is 2, SERVING is 6
BOOT_AT, PID_AT, TICKS_AT = 3, 4, 5


def foreign(path: Path) -> Conflict:
    """Return the error of a file that is no board."""
    return Conflict(f"{path} is no board of this version of rtd; stop its daemon, then remove it")


def _write_new(path: Path) -> None:
    """Put a complete new board in place, in one step. Raises OSError."""
    header = array("Q", [MAGIC, VERSION, 0, boot_hash(), *[0] * (WORDS - 4)])
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with name_path(path):
            temporary.touch(0o600)
        with name_path(path), temporary.open("r+b") as file:
            file.write(header.tobytes())
            _make_holes(file.fileno())
            # Most apps need no more, and a full disk is an error at the start.
            os.posix_fallocate(file.fileno(), 8 * WORDS, 8 * WORDS * _STEP)
            os.pwrite(file.fileno(), array("Q", [_STEP]).tobytes(), 8 * RESERVED_AT)
        os.rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def prepare(path: Path) -> None:
    """Leave the board of this boot that is there, or make a new one.

    A board of 0.1.0 is extended: its executors may still write to it. Raises OSError, which names
    the file: it has no room.
    """
    try:
        if _is_usable(path):
            return
    except FileNotFoundError:
        pass
    _write_new(path)


def _is_usable(path: Path) -> bool:
    with name_path(path), path.open("r+b") as file:
        words = array("Q", file.read(8 * WORDS).ljust(8 * WORDS, b"\0")[: 8 * WORDS])
        if [words[MAGIC_AT], words[VERSION_AT], words[BOOT_AT]] != [MAGIC, VERSION, boot_hash()]:
            return False
        size = os.fstat(file.fileno()).st_size
        if size == _OLD_BYTES:
            _make_holes(file.fileno())
            os.pwrite(file.fileno(), array("Q", [_OLD_SLOTS]).tobytes(), 8 * RESERVED_AT)
        return size in (BYTES, _OLD_BYTES)


def _make_holes(fd: int) -> None:
    os.ftruncate(fd, BYTES)
    os.posix_fallocate(fd, 8 * RESERVED_AT, 8 * RANGES)


def make_room(path: Path, place: tuple[int, int], number: int, count: int) -> int:
    """Give the first `count` slots of a range, or some more, their room in the file.

    Args:
        place: device and inode of the file that is mapped.
        number: of the range.

    Returns:
        How many slots of it have room now.

    Raises:
        OSError: the disk is full; or there is another file, or none.
    """
    count = min(-(-count // _STEP) * _STEP, RANGE_SLOTS)
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        status = os.fstat(fd)
        if (status.st_dev, status.st_ino) != place:
            raise FileNotFoundError(errno.ENOENT, "the file was replaced", str(path))
        os.posix_fallocate(fd, 8 * WORDS * (number * RANGE_SLOTS + 1), 8 * WORDS * count)
    finally:
        os.close(fd)
    return count
