"""Names of processes for lists: the program and, mostly, its first argument.

The kernel's own name of a process has 15 bytes: of all Python programs it says `python3`. Further
arguments are left out, and those with a value: they may be secrets, and records keep these names.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from rtd.common.stdlib.originals import os
from rtd.process.tree.children import children_of

__all__ = ["only_program", "program_name", "read_program_names"]

#: So many processes get their names before a kill, which must not take long.
MAX_NAMED: Final = 64
_ARGUMENT_CHARS: Final = 40
_OURS: Final = "rtd: "
_ID_CHARS: Final = 26


def program_name(argv: Sequence[str], fallback: str) -> str:
    """Return `sleep 60`, `python3 x.py`, `python3 -m http.server`, `rtd: process report`.

    Args:
        argv: the command line; empty of one that has ended.
        fallback: what the kernel calls it.
    """
    words = [word for word in argv if word]
    if not words:
        return fallback
    if words[0].startswith(_OURS):
        title = words[0].split()
        return " ".join(title[:-1] if len(title[-1]) == _ID_CHARS else title)
    program, *rest = words
    shown = [os.path.basename(program) or fallback]
    if rest[:1] == ["-m"] and shown[0].startswith("python"):
        shown += rest[:2]
    elif rest and rest[0][0] != "-" and not {"=", "@"} & set(rest[0]):
        shown.append(_cut(rest[0]))
    return " ".join(shown)


def only_program(name: str) -> str:
    """Return the name without the argument, which may be a private value."""
    return name if name.startswith(_OURS) else name.partition(" ")[0]


def read_program_names(pids: Iterable[int]) -> dict[int, str]:
    """Return the names of these processes and of those below them, of at most 64 in all."""
    found: dict[int, str] = {}
    waiting = list(pids)
    while waiting and len(found) < MAX_NAMED:
        pid = waiting.pop(0)
        if pid not in found and (name := program_name(_read_argv(pid), "")):
            found[pid] = name
            waiting += children_of(pid)
    return found


def _read_argv(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/cmdline", "rb", buffering=0) as file:
            return file.read(4096).decode(errors="replace").split("\0")
    except OSError:  # it has ended, or is not to be seen
        return []


def _cut(text: str) -> str:
    return text if len(text) <= _ARGUMENT_CHARS else f"…{text[1 - _ARGUMENT_CHARS :]}"
