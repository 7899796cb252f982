"""Finds what the daemon has to import: the program that makes the Flask app and its tasks."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from flask import Flask

from rtd.common.errors import AppError
from rtd.flask.core.settings import FlaskSettings
from rtd.session.app.find_web_app import factory_in, needs_arguments
from rtd.session.start_daemon import import_name

#: Flask's own command imports these when no app is named.
_FILES: Final = ("wsgi.py", "app.py")
_EMPTY_CALL: Final = re.compile(r":\s*$")


def find_app(worker: Any, app: Flask, settings: FlaskSettings) -> str:
    """Return the app's name for `rtd run`.

    The first that there is: `TASKER_APP`, `FLASK_APP` or `flask --app`, the module that holds
    worker and app, the one that holds the app, the one with the factory, `wsgi.py`, `app.py`, the
    module that holds the worker. Flask's own command imports `wsgi.py` or `app.py` by itself:
    there these come before the factory.

    Raises:
        AppError: there is none of these.
    """
    named = settings.app or os.environ.get("FLASK_APP") or _named_by_flask()
    if named:
        return _with_suffix(_EMPTY_CALL.sub("", named.strip()))
    modules = _modules()
    holders = [module for module in modules if _holds(module, worker)]
    both = [module for module in holders if _holds(module, app)]
    keepers = [module for module in modules if _holds(module, app)]
    for module in (*both, *keepers):
        return _name_in(module, worker)
    files = [file for file in _FILES if Path(file).is_file()]
    if files and _flask_command() is not None:
        return files[0]
    for module in _makers(modules, holders, app):
        return _name_in(module, worker)
    if files:
        return files[0]
    for module in holders:
        return _name_in(module, worker)
    raise AppError(
        "task_worker.start(): the daemon cannot find the program to import: set TASKER_APP in the"
        " app's configuration, or FLASK_APP ('shop:app', \"shop:create_app('dev')\")"
    )


def how_named(settings: FlaskSettings) -> str:
    """Return where `find_app` has the app's name from, for an error."""
    if settings.app:
        return "by TASKER_APP"
    if os.environ.get("FLASK_APP"):
        return "by FLASK_APP"
    return "by flask --app" if _named_by_flask() else "found; TASKER_APP names another"


def _named_by_flask() -> str | None:
    """Return what `flask --app NAME` has named, in its process."""
    info = _flask_command()
    return None if info is None else info.app_import_path


def _flask_command() -> Any:
    """Return what Flask's own command knows of the app, in its process; None: it is another."""
    import click  # lazy: only a start needs it
    from flask.cli import ScriptInfo  # lazy: as above

    context = click.get_current_context(silent=True)
    return None if context is None else context.find_object(ScriptInfo)


def _modules() -> list[ModuleType]:
    main = sys.modules["__main__"]
    others = [module for module in list(sys.modules.values()) if module is not main]
    return [main, *(module for module in others if not _is_of_library(module))]


def _with_suffix(name: str) -> str:
    """Return `src/shop.py:app` for `src/shop:app`, which Flask takes, too."""
    path, colon, attribute = name.partition(":")
    if "/" in path and not path.endswith(".py"):
        path = f"{path}.py" if Path(f"{path}.py").is_file() else f"{path}/__init__.py"
    return f"{path}{colon}{attribute}"


def _name_in(module: ModuleType, worker: Any) -> str:
    """Return a module's name, with that of the worker where the module has several."""
    several = {id(value) for value in _values(module) if issubclass(type(value), type(worker))}
    names = [name for name, value in vars(module).items() if value is worker]
    return (
        f"{import_name(module)}:{names[0]}" if len(several) > 1 and names else import_name(module)
    )


def _makers(modules: list[ModuleType], holders: list[ModuleType], app: Flask) -> list[ModuleType]:
    """Return the modules with a factory that needs no arguments: the app is named for them, or they
    hold the worker, or are a package of such a module."""
    places = {app.import_name}
    for holder in holders:
        parts = holder.__name__.split(".")
        places |= {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    found = [
        (module, getattr(module, name))
        for module in modules
        if getattr(module, "__name__", None) in places and (name := _factory_in(module))
    ]
    return [module for module, factory in found if not needs_arguments(factory)]


def _factory_in(module: ModuleType) -> str | None:
    return factory_in(module) if issubclass(type(module), ModuleType) else None


def _holds(module: ModuleType, wanted: Any) -> bool:
    return any(value is wanted for value in _values(module))


def _values(module: ModuleType) -> list[Any]:
    try:
        return list(vars(module).values())
    except TypeError:  # an object that only stands for a module
        return []


def _is_of_library(module: Any) -> bool:
    """Tell whether it is a module of Flask or of rtd, which can hold any app for a while."""
    return str(getattr(module, "__name__", "")).partition(".")[0] in ("flask", "werkzeug", "rtd")
