"""The directories from which an app and its modules are imported."""

import os
import sys
import sysconfig
from importlib.util import cache_from_source
from pathlib import Path

from rtd.common.errors import AppError
from rtd.config.file_owners import file_fault, folder_fault

__all__ = ["add_app_folder", "check_app_files", "check_task_file", "working_directory_fault"]


def add_app_folder(folder: Path, last: bool = False) -> None:
    """Let modules be imported from a directory of the app, behind those of Python itself.

    Args:
        last: behind all others.
    """
    if str(folder) not in sys.path:
        sys.path.insert(len(sys.path) if last else _behind_library(), str(folder))


def _behind_library() -> int:
    """Return the position in `sys.path` behind the standard library."""
    library = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    library |= {os.path.join(folder, "lib-dynload") for folder in library}
    found = [at for at, entry in enumerate(sys.path) if entry in library]
    return max(found) + 1 if found else 0


def check_app_files(app: str, folder: Path, name: str) -> None:
    """Raise AppError where root would import an app that another user could change.

    Args:
        folder: where its modules are imported from.
        name: of its module; one that is not there is not judged.

    Other users import an app as Python does: they may run the code of another one.
    """
    if os.getuid() != 0:
        return
    fault = folder_fault(folder)
    for part in name.split("."):
        for file in (folder / part / "__init__.py", folder / f"{part}.py"):
            if fault is None and file.is_file():
                fault = _source_fault(file)
        folder /= part
        if fault is None and folder.is_dir():
            fault = folder_fault(folder)
    if fault is not None:
        raise AppError(
            f"app {app} is not imported, because root runs this: {fault}; or run rtd as the owner"
        )


def check_task_file(file: Path) -> None:
    """Raise AppError where root would read a task file that another user could change."""
    if os.getuid() == 0 and (fault := _source_fault(file)) is not None:
        raise AppError(f"{file} is not read, because root runs this: {fault}")


def _source_fault(file: Path) -> str | None:
    """Return why another user could change a file, or the bytecode that Python reads in its place;
    None: that user cannot."""
    fault = file_fault(file)
    if fault is None and file.suffix == ".py":
        bytecode = Path(cache_from_source(str(file)))
        if bytecode.is_file():
            fault = file_fault(bytecode)
        elif bytecode.parent.is_dir():
            fault = folder_fault(bytecode.parent)
        if fault is not None:
            fault = f"its bytecode in {bytecode.parent}: {fault}; remove that directory"
    return fault


def working_directory_fault() -> str | None:
    """Return why root imports no modules from the working directory; None: it does."""
    return folder_fault(os.getcwd(), "the directory") if os.getuid() == 0 else None
