"""Finds and imports the settings module of an app: `rt_settings` beside the app, or the module that
the variable RT_SETTINGS_MODULE names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

from rtd.common.errors import AppError
from rtd.session.core.app_errors import describe_error, is_app_error
from rtd.session.core.app_folders import check_task_file
from rtd.session.core.import_file import import_file, package_root
from rtd.session.core.import_name import load_module

__all__ = ["VARIABLE", "SettingsModule", "read_settings_module"]

VARIABLE: Final = "RT_SETTINGS_MODULE"
#: The file that is read beside an app.
FILE: Final = "rt_settings.py"
#: What may stand before each name, as Django's settings have it.
PREFIX: Final = "RT_"
#: Names of a module whose other settings are Django's.
DJANGO: Final = ("INSTALLED_APPS", "ROOT_URLCONF")


class SettingsModule(NamedTuple):
    """The settings of a module.

    Attributes:
        where: the module's file, or its name where it has none.
        values: by their names without `RT_`.
        written: the name of each as it was written.
    """

    where: str
    values: dict[str, Any]
    written: dict[str, str]

    def place_of(self, name: str) -> str:
        """Return how an error calls the place of a setting."""
        return f"{self.written.get(name, name)} in {self.where}"


def read_settings_module(app_module: ModuleType) -> SettingsModule | None:
    """Return the settings of an app; None without a settings module.

    Args:
        app_module: the imported app.

    Raises:
        AppError: the module does not import, or RT_SETTINGS_MODULE names one that is not there.
    """
    named = os.environ.get(VARIABLE)
    if named:
        module = load_module(named, f"the variable {VARIABLE} ({named!r})")
        return _settings_of(module)
    file = next(_files_beside(app_module), None)
    return None if file is None else _settings_of(_import(file))


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


def _settings_of(module: ModuleType) -> SettingsModule:
    where = str(getattr(module, "__file__", None) or module.__name__)
    prefix = PREFIX if any(name in vars(module) for name in DJANGO) else ""
    values: dict[str, Any] = {}
    written: dict[str, str] = {}
    for name, value in vars(module).items():
        if not name.isupper() or name.startswith("_") or not name.startswith(prefix):
            continue
        short = name.removeprefix(PREFIX)
        if short in values:
            raise AppError(f"{where} has both {written[short]} and {name}; keep one of them")
        values[short], written[short] = value, name
    return SettingsModule(where, values, written)
