"""Finds and imports the settings module of an app: `rt_settings` beside the app, or the module that
the variable RT_SETTINGS_MODULE names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

from rtd.common.errors import AppError
from rtd.session.core.app_errors import describe_error, is_app_error
from rtd.session.core.app_folders import check_task_file
from rtd.session.core.import_file import import_file, package_root
from rtd.session.core.import_name import load_module
from rtd.session.settings.settings import SETTINGS, SettingsModule, settings_of_module

__all__ = ["VARIABLE", "find_settings_module", "read_settings_module"]

VARIABLE: Final = "RT_SETTINGS_MODULE"
#: The file that is read beside an app.
FILE: Final = "rt_settings.py"


def read_settings_module(app_module: ModuleType) -> SettingsModule | None:
    """Return the settings of an app; None without a settings module.

    Args:
        app_module: the imported app.

    Raises:
        AppError: the module does not import, or RT_SETTINGS_MODULE names one that is not there.
    """
    found = find_settings_module(app_module)
    SETTINGS.take_loaded(found)
    return found


def find_settings_module(app_module: ModuleType) -> SettingsModule | None:
    """Return the settings of an app as `read_settings_module` does, without an effect on
    `rtd.conf.settings`."""
    named = os.environ.get(VARIABLE)
    file = None if named else next(_files_beside(app_module), None)
    configured = SETTINGS.configured
    if configured is not None:
        other = f"the variable {VARIABLE} names {named!r}" if named else f"there is {file}"
        module = sys.modules.get(named) if named else None
        if (named or file) and configured.where not in (str(file), getattr(module, "__file__", "")):
            raise AppError(f"{configured.where} configures the settings, but {other}; keep one")
        return configured
    if named:
        return settings_of_module(load_module(named, f"the variable {VARIABLE} ({named!r})"))
    return None if file is None else settings_of_module(_import(file))


def _files_beside(app_module: ModuleType) -> Iterator[Path]:
    """Yield the settings files beside an app: in its folder, in that of its package, and in the
    one that its dotted name starts from."""
    name = getattr(app_module, "__file__", None)
    if name is None:
        return
    file = Path(name).absolute()
    depth = app_module.__name__.count(".") + (file.stem == "__init__")
    folders = [file.parent, package_root(file)[0]]
    if depth < len(file.parents):
        folders.append(file.parents[depth])
    for folder in dict.fromkeys(folders):
        if (folder / FILE).is_file():
            yield folder / FILE


def _import(file: Path) -> ModuleType:
    check_task_file(file)
    try:
        return import_file(file)
    except BaseException as error:  # all that a module can raise becomes one line
        if not is_app_error(error):
            raise
        raise AppError(f"the settings {file} do not import: {describe_error(error)}") from error
