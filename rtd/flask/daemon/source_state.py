"""The state of a program's source files, by which a change of them is noticed."""

from __future__ import annotations

import os
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

#: Folders that hold no code of the program.
_OTHERS: Final = frozenset({"__pycache__", "node_modules", "site-packages", "instance"})
#: No more files are compared, in no more folders: a program may lie in a home directory.
_MOST: Final = 10_000
_MOST_FOLDERS: Final = 2_000


def source_state(root: Path) -> str:
    """Return a text that differs when a `*.py` below a folder was changed, added or removed."""
    digest, left = sha256(), _MOST
    for folder, folders, files in islice(os.walk(root), _MOST_FOLDERS):
        folders[:] = sorted(
            name
            for name in folders
            if name not in _OTHERS
            and name[0] != "."
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
        )
        for name in sorted(files):
            if not name.endswith(".py") or left == 0:
                continue
            path = os.path.join(folder, name)
            try:
                status = os.stat(path)
            except OSError:
                continue
            left -= 1
            digest.update(os.fsencode(f"{path}\0{status.st_mtime_ns}\0{status.st_size}\n"))
    return digest.hexdigest()
