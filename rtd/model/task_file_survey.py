"""Finds the files of a folder that declare tasks, and whether they have changed.

The app imports them and the supervisor watches them; both must find the same files.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

#: Folders without task files, for every pattern; neither has one with a leading dot any.
SKIPPED: Final = frozenset({"__pycache__", "node_modules", "site-packages"})

#: A file has changed when one of these has: inode, size, time of its last change in ns.
FileVersion = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class TaskFileSurvey:
    """The task files of a folder at one moment.

    Attributes:
        files: the task files with their versions, in the order in which they are loaded.
        folders: all folders that were read; files may appear in any of them.
    """

    files: Mapping[str, FileVersion]
    folders: tuple[str, ...]

    @property
    def stamp(self) -> str:
        """A text that changes when a file comes, goes or changes, or the folder does."""
        if not self.folders:
            return "missing"
        return f"{crc32(repr(list(self.files.items())).encode(errors='surrogateescape')):08x}"


def survey_files(path: str, glob: str) -> TaskFileSurvey:
    """Return the files below a folder that match a pattern, without those it cannot read.

    Args:
        path: the folder.
        glob: `**/` stands for any folders or none, `*` and `?` for what is within a name.
    """
    matches = compile_glob(glob).fullmatch
    files: dict[str, FileVersion] = {}
    folders = []
    for folder, names in _walk(path):
        folders.append(folder)
        inner = folder[len(path) :].strip("/")
        for name in names:
            if matches(f"{inner}/{name}" if inner else name):
                file = os.path.join(folder, name)
                try:
                    seen = os.stat(file)
                except OSError:
                    continue  # gone already, or a link to nothing
                if stat.S_ISREG(seen.st_mode):
                    files[file] = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
    return TaskFileSurvey(dict(sorted(files.items())), tuple(folders))


def _walk(path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder with the names of its files, once even if links lead to it again."""
    met: set[tuple[int, int]] = set()
    waiting = [path]
    while waiting:
        folder = waiting.pop()
        try:
            seen = os.stat(folder)
            if (seen.st_dev, seen.st_ino) in met:
                continue
            met.add((seen.st_dev, seen.st_ino))
            entries = list(os.scandir(folder))
        except OSError:
            continue
        names = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if not _is_folder(entry):
                names.append(entry.name)
            elif entry.name not in SKIPPED:
                waiting.append(entry.path)
        yield folder, names


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def compile_glob(glob: str) -> re.Pattern[str]:
    """Return the pattern that a file's path, relative to its loader's folder, must match.

    Raises:
        ValueError: the pattern is empty, absolute, or leads out of the folder.
    """
    parts = [part for part in glob.split("/") if part != "."]
    if not glob or glob.startswith("/") or not parts[-1] or ".." in parts:
        raise ValueError(f"{glob!r} is no pattern of files below a folder, such as '**/*.py'")
    text = "".join(
        "(?:[^/]+/)*" if part == "**" else _name(part) + "/" for part in parts[:-1]
    )  # fmt: skip
    last = "(?:[^/]+/)*[^/]*" if parts[-1] == "**" else _name(parts[-1])
    return re.compile(text + last)


def _name(part: str) -> str:
    text = ""
    at = 0
    while at < len(part):
        char = part[at]
        at += 1
        if char == "*":
            text += "[^/]*"
        elif char == "?":
            text += "[^/]"
        elif char == "[" and (end := part.find("]", at + 1)) > 0:
            inner = part[at:end].replace("\\", "\\\\").replace("[", "\\[")
            text += f"[^{inner[1:]}]" if inner[0] == "!" else f"[{inner}]"
            at = end + 1
        else:
            text += re.escape(char)
    return text


def task_file_name(path: str | os.PathLike[str], folder: Path) -> str:
    """Return the name of a task file: its path, beginning with the loader's folder."""
    try:
        name = str(Path(path).relative_to(folder.parent))
    except ValueError:
        name = str(path)
    return name.encode(errors="backslashreplace").decode()
