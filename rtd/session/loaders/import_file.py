"""Imports task files: each under a module name of its own, that others can import it by."""

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

from rtd.session.core.module_names import package_root


class TaskFileLoader(SourceFileLoader):
    """Python's own, but it sees each change: bytecode is kept for a file's version to the
    nanosecond, not to the second, so that a change in the same second is not taken for none."""

    def path_stats(self, path: Any) -> Mapping[str, Any]:
        """What the bytecode of a file is checked against."""
        seen = os.stat(path)
        return {"mtime": (seen.st_mtime_ns ^ seen.st_ino) & 0xFFFFFFFF, "size": seen.st_size}


def import_file(path: Path) -> ModuleType:
    """The module of a file. One that has been imported already is not imported again.

    It is called as a module that imports it would call it, if any can: by its packages, or by
    its folders from an entry of `sys.path`; else it gets a name that nobody else has.

    Raises:
        BaseException: whatever the file, or a package that it is in, raises.
    """
    name = _dotted_name(path)
    if name is not None:
        parent = _parent_of(name, path)
        if _is(name, path):  # somebody has imported it, maybe its package just now
            return sys.modules[name]
        if (parent is not None or "." not in name) and not _is_taken(name, path):
            return _import(name, path, parent)
    name = _own_name(path)
    return sys.modules[name] if _is(name, path) else _import(name, path, None)


def _is(name: str, path: Path) -> bool:
    return getattr(sys.modules.get(name), "__file__", None) == str(path)


def _dotted_name(path: Path) -> str | None:
    """Its name from the entry of `sys.path` that leads to it most directly, packages whole."""
    root, name = package_root(path)
    entries = {os.path.abspath(entry) for entry in sys.path if isinstance(entry, str)}
    for folder in (root, *root.parents):
        if str(folder) in entries and not (folder / "__init__.py").exists():
            found = ".".join([*root.relative_to(folder).parts, name])
            return found if all(part.isidentifier() for part in found.split(".")) else None
    return None


def _parent_of(name: str, path: Path) -> ModuleType | None:
    """The package that it is in, imported; None when that name means other folders."""
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
    """Whether another module is, or would be, found under that name."""
    if name in sys.modules:
        return True
    if "." in name:
        return False
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin != str(path)


def _own_name(path: Path) -> str:
    word = re.sub(r"\W", "_", "_".join(path.with_suffix("").parts[-3:]))
    return f"rtd_{word}_{crc32(os.fsencode(path)):08x}"


def _import(name: str, path: Path, parent: ModuleType | None) -> ModuleType:
    loader = TaskFileLoader(name, str(path))
    is_package = path.stem == "__init__"
    found = [str(path.parent)] if is_package else None
    spec = importlib.util.spec_from_file_location(
        name, path, loader=loader, submodule_search_locations=found
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
