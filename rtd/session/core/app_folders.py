"""The directories from which an app and its modules are imported."""

import os
import sys
import sysconfig
from pathlib import Path

from rtd.common.errors import AppError
from rtd.config.file_owners import file_fault, folder_fault

__all__ = ["add_app_folder", "check_app_file", "check_task_file", "working_directory_fault"]


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


def check_app_file(app: str, file: Path, root_folder: Path) -> None:
    """Raise AppError where root would import an app that another user could change.

    Args:
        file: of the app.
        root_folder: where its modules are imported from.

    Other users import an app as Python does: they may run the code of another one.
    """
    if os.getuid() != 0:
        return
    fault = file_fault(file) or folder_fault(root_folder)
    if fault is not None:
        raise AppError(
            f"app {app} is not imported, because root runs this: {fault}; or run rtd as the owner"
        )


def check_task_file(file: Path) -> None:
    """Raise AppError where root would read a task file that another user could change."""
    if os.getuid() == 0 and (fault := file_fault(file)) is not None:
        raise AppError(f"{file} is not read, because root runs this: {fault}")


def working_directory_fault() -> str | None:
    """Return why root imports no modules from the working directory; None: it does."""
    return folder_fault(os.getcwd(), "the directory") if os.getuid() == 0 else None
