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
from rtd.session.start_daemon import import_name

#: The names of functions that make an app, as Flask's own command has them.
FACTORIES: Final = ("create_app", "make_app")
#: Flask's own command imports these when no app is named.
_FILES: Final = ("wsgi.py", "app.py")
_EMPTY_CALL: Final = re.compile(r":\s*$")


def find_app(worker: Any, app: Flask, settings: FlaskSettings) -> str:
    """Return the app's name for `rtd run`.

    The first that there is: `TASKER_APP`, `FLASK_APP` or `flask --app`, the module that holds the
    worker (best together with the app), the module that the app is named for, `wsgi.py`, `app.py`.

    Raises:
        AppError: there is none of these.
    """
    named = settings.app or os.environ.get("FLASK_APP") or _named_by_flask()
    if named:
        return _with_suffix(_EMPTY_CALL.sub("", named.strip()))
    main = sys.modules["__main__"]
    others = [module for module in list(sys.modules.values()) if module is not main]
    modules = [main, *(m for m in others if not _is_of_library(m))]
    holders = [module for module in modules if _holds(module, worker)]
    both = [module for module in holders if _holds(module, app)]
    makers = [module for module in modules if _holds(module, app) or _makes(module, app)]
    for module in (*both, *makers, *holders):
        return _name_in(module, worker)
    for file in _FILES:
        if Path(file).is_file():
            return file
    raise AppError(
        "task_worker.start(): the daemon cannot find the program to import: set TASKER_APP in the"
        " app's configuration, or FLASK_APP ('shop:app', \"shop:create_app('dev')\")"
    )


def _named_by_flask() -> str | None:
    """Return what `flask --app NAME` has named, in its process."""
    import click  # lazy: only a start needs it
    from flask.cli import ScriptInfo  # lazy: as above

    context = click.get_current_context(silent=True)
    info = None if context is None else context.find_object(ScriptInfo)
    return None if info is None else info.app_import_path


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


def _makes(module: ModuleType, app: Flask) -> bool:
    """Tell whether it is the module that the app is named for, with a factory in it."""
    if getattr(module, "__name__", None) != app.import_name:
        return False
    return any(callable(getattr(module, name, None)) for name in FACTORIES)


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
