"""The names of the files in the output directory.

| file | what it holds |
|---|---|
| `x-EXECUTOR-SLOT.scratch`, `.index` | the live output of the run on one slot of an executor |
| `x-EXECUTOR.spool` | outcomes of an executor that Redis has not taken yet |
| `EXECUTOR.N.seg` | finished output of many runs |
| `RUN.ATTEMPT.out`, `.idx` | large finished output, of one attempt |
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rtd.common.stdlib.originals import os

_OWN_FILE: Final = ".out"
_STORED: Final = re.compile(r"[0-9A-Za-z_-]{1,100}\.[0-9]{1,10}\.(seg|out)")
_FINISHED: Final = frozenset({".seg", _OWN_FILE, ".idx"})


def scratch_path(folder: Path, exec_id: str, index: int) -> Path:
    """Return where slot number `index` of an executor writes."""
    return folder / f"x-{exec_id}-{index}.scratch"


def scratch_index_path(scratch: Path) -> Path:
    """Return the index that belongs to a scratch file."""
    return scratch.with_suffix(".index")


def spool_path(folder: Path, exec_id: str) -> Path:
    """Return where an executor keeps outcomes for Redis."""
    return folder / f"x-{exec_id}.spool"


def paths_of_executor(folder: Path, exec_id: str) -> Iterator[Path]:
    """Return the live files of an executor: scratch files, indexes, spool."""
    return folder.glob(f"x-{exec_id}*")


def segment_name(exec_id: str, number: int) -> str:
    """Return the name of an executor's segment; the first is number 1."""
    return f"{exec_id}.{number}.seg"


def own_file_name(run_id: str, attempt: int) -> str:
    """Return the name of the file that holds the output of one attempt alone."""
    return f"{run_id}.{attempt}{_OWN_FILE}"


def is_own_file(path: Path) -> bool:
    """Return whether a file of finished output holds that of one attempt alone."""
    return path.suffix == _OWN_FILE


def own_file_index_path(path: Path) -> Path:
    """Return the index that belongs to the output of one attempt."""
    return path.with_suffix(".idx")


def is_finished_output(path: Path) -> bool:
    """Return whether a file holds output of runs that have ended."""
    return path.suffix in _FINISHED


def is_stored_name(name: object) -> bool:
    """Return whether a record may name this file: rtd's own name for finished output, in the
    output directory itself. A record comes from Redis, where others may have written."""
    return isinstance(name, str) and _STORED.fullmatch(name) is not None


#: Descriptors, each with the place of the file that it was opened for.
Places = dict[int, tuple[int, int] | None]


def file_place(fd: int) -> tuple[int, int] | None:
    """Return device and inode of the file behind a descriptor; None when it is closed."""
    try:
        found = os.fstat(fd)
    except OSError:
        return None
    return found.st_dev, found.st_ino
