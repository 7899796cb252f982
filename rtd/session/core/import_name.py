"""Imports what dotted text names, and says in one line why it cannot."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import AppError
from rtd.session.core.app_errors import describe_error, is_app_error

__all__ = ["find_named", "load_module"]


def find_named(text: str, where: str) -> Any:
    """Return what `module.name` names.

    Args:
        text: the dotted name.
        where: how an error calls its place.

    Raises:
        AppError: there is no such module or no such name in it, or the module does not import.
    """
    module_name, _, attribute = text.rpartition(".")
    if not module_name or not all(part.isidentifier() for part in text.split(".")):
        raise AppError(f"{where}: it is no dotted name; write module.name")
    module = load_module(module_name, where)
    found = getattr(module, attribute, None)
    if found is None:
        known = [name for name in dir(module) if not name.startswith("_")]
        hint = did_you_mean(attribute, known)
        raise AppError(f"{where}: module {module_name!r} has no {attribute!r}{hint}")
    return found


def load_module(name: str, where: str) -> ModuleType:
    """Import a module of the app.

    Raises:
        AppError: there is none, or it does not import.
    """
    try:
        return importlib.import_module(name)
    except BaseException as error:
        if not is_app_error(error):
            raise
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is not None and f"{name}.".startswith(f"{missing}."):
            raise AppError(
                f"{where}: there is no module {missing!r}; modules are found from the app's folder"
            ) from error
        raise AppError(f"{where}: {name} does not import: {describe_error(error)}") from error
