"""Imports Python files under the module names by which other modules can import them."""

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any
from zlib import crc32


class TaskFileLoader(SourceFileLoader):
    """Python's own loader, with bytecode that belongs to a file's version to the nanosecond.

    Python compares whole seconds and so misses a change within the same second.
    """

    def path_stats(self, path: Any) -> Mapping[str, Any]:
        """Return the values that a file's bytecode is compared with."""
        status = os.stat(path)
        return {"mtime": (status.st_mtime_ns ^ status.st_ino) & 0xFFFFFFFF, "size": status.st_size}


def import_file(path: Path) -> ModuleType:
    """Return the module of a file. A file that has been imported is not imported again.

    The module's name is the one by which other modules can import the file: by its packages, or
    by its folders from an entry of `sys.path`. Without such a name it gets a unique one.

    Raises:
        BaseException: all that the file, or a package that it is in, raises.
    """
    name = _dotted_name(path)
    if name is not None:
        parent = _parent_of(name, path)
        if _is_imported(name, path):  # maybe by its package just now
            return sys.modules[name]
        if (parent is not None or "." not in name) and not _is_taken(name, path):
            return _import(name, path, parent)
    name = _own_name(path)
    return sys.modules[name] if _is_imported(name, path) else _import(name, path, None)


def _is_imported(name: str, path: Path) -> bool:
    return getattr(sys.modules.get(name), "__file__", None) == str(path)


def package_root(path: Path) -> tuple[Path, str]:
    """Return the folder above a file's outermost package, and the file's dotted name from there."""
    names = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").exists():
        names.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(names)


def _dotted_name(path: Path) -> str | None:
    """Return the file's name from the nearest entry of `sys.path` above its packages."""
    root, name = package_root(path)
    entries = {os.path.abspath(entry) for entry in sys.path if isinstance(entry, str)}
    for folder in (root, *root.parents):
        if str(folder) in entries and not (folder / "__init__.py").exists():
            dotted = ".".join([*root.relative_to(folder).parts, name])
            return dotted if all(part.isidentifier() for part in dotted.split(".")) else None
    return None


def _parent_of(name: str, path: Path) -> ModuleType | None:
    """Import and return the file's package; None when that name means other folders."""
    parent = name.rpartition(".")[0]
    if not parent:
        return None
    try:
        package = importlib.import_module(parent)
    except ModuleNotFoundError as error:
        if error.name and (parent == error.name or parent.startswith(f"{error.name}.")):
            return None
        raise
    folder = path.parent.parent if path.stem == "__init__" else path.parent
    return package if str(folder) in list(getattr(package, "__path__", ())) else None


def _is_taken(name: str, path: Path) -> bool:
    """Tell whether an import of that name gives another module."""
    if name in sys.modules:
        return True
    if "." in name:
        return False
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin != str(path)


def _own_name(path: Path) -> str:
    readable = re.sub(r"\W", "_", "_".join(path.with_suffix("").parts[-3:]))
    return f"rtd_{readable}_{crc32(os.fsencode(path)):08x}"


def _import(name: str, path: Path, parent: ModuleType | None) -> ModuleType:
    loader = TaskFileLoader(name, str(path))
    folders = [str(path.parent)] if path.stem == "__init__" else None
    spec = importlib.util.spec_from_file_location(
        name, path, loader=loader, submodule_search_locations=folders
    )
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    if parent is not None:
        setattr(parent, name.rpartition(".")[2], module)
    return module
