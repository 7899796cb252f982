"""Finds a Flask app with a task worker in a module, by the rules of Flask's own command.

Flask is not imported here: where the program has not imported it, there is no app.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from inspect import Parameter, isfunction, signature
from types import FunctionType, ModuleType
from typing import Any, Final

from rtd.common.errors import AppError
from rtd.session.app.session_holder import SessionHolder
from rtd.session.core.app_errors import describe_error

#: The names of an app, and of a function that makes one, as Flask's own command has them.
APPS: Final = ("app", "application")
FACTORIES: Final = ("create_app", "make_app")

#: What a Flask app lacks, and what gives it that.
NO_WORKER: Final = (
    "without a task worker of rtd.flask: BackgroundTaskWorker(app), or task_worker.init_app(app)"
)
_TRIED: Final = "app, application, create_app() and make_app()"
_NAME_IT: Final = (
    "name the app or its factory (TASKER_APP, FLASK_APP): 'shop:app', 'shop:create_app()'"
)


def is_web_module(module: ModuleType) -> bool:
    """Tell whether a module has names of Flask."""
    return any(_home(value).partition(".")[0] == "flask" for value in list(vars(module).values()))


def _home(value: Any) -> str:
    """Return the module that a value is from, without a look at other libraries' lazy objects."""
    if issubclass(type(value), ModuleType):
        return str(vars(value).get("__name__"))
    return str((value if issubclass(type(value), type | FunctionType) else type(value)).__module__)


def worker_of(value: Any) -> SessionHolder | None:
    """Return the task worker of a Flask app; None: it has none, or the value is no app."""
    extensions = extensions_of(value)
    holder = None if extensions is None else extensions.get("rtd")
    return holder if issubclass(type(holder), SessionHolder) else None


def extensions_of(value: Any) -> dict[str, Any] | None:
    """Return the extensions of a Flask app; None: the value is no app."""
    # By its type: a look at other libraries' lazy objects would load them.
    flask = getattr(sys.modules.get("flask"), "Flask", None)
    if flask is None or not issubclass(type(value), flask):
        return None
    extensions: dict[str, Any] = value.extensions
    return extensions


def worker_in(module: ModuleType) -> SessionHolder | None:
    """Return the task worker of the app that a module holds: `app`, `application`, else any
    single one."""
    for name in APPS:
        worker = worker_of(getattr(module, name, None))
        if worker is not None:
            return worker
    found = {id(w): w for value in list(vars(module).values()) if (w := worker_of(value))}
    return next(iter(found.values())) if len(found) == 1 else None


def factory_in(module: ModuleType) -> str | None:
    """Return the name of the module's factory, or None."""
    return next((name for name in FACTORIES if isfunction(getattr(module, name, None))), None)


def is_factory(module: ModuleType, name: str, value: Any) -> bool:
    """Tell whether a value may make the app: a factory by its name, or any function of a module
    with names of Flask: Flask's own command calls it, too."""
    return isfunction(value) and (name in FACTORIES or is_web_module(module))


def needs_arguments(function: Any) -> bool:
    """Tell whether a function cannot be called without arguments."""
    kinds = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    found = signature(function).parameters.values()
    return any(p.default is Parameter.empty and p.kind not in kinds for p in found)


def call_factory(module: ModuleType, name: str, app: str) -> Any:
    """Return what a factory returns, called without arguments, as Flask does.

    Args:
        app: the app's name, for errors.

    Raises:
        AppError: it failed, or needs arguments.
    """
    target = app.partition(":")[0]
    hint = f"a call with arguments is an app, too (TASKER_APP): {target}:{name}('dev')"
    function = getattr(module, name)
    if needs_arguments(function):
        raise AppError(f"app {app}: {name}() needs arguments; {hint}")
    try:
        return function()
    except Exception as error:
        raise AppError(f"app {app}: {name}() failed: {describe_error(error)}; {hint}") from error


def names_of_apps(module: ModuleType, others: Iterable[str]) -> list[str]:
    """Return the names that a module has for an app: those of Flask apps, of functions of its own,
    and others."""
    found = vars(module).items()
    of_module = module.__name__
    return [
        *others,
        *(name for name, value in found if extensions_of(value) is not None),
        *(name for name, value in found if isfunction(value) and value.__module__ == of_module),
    ]


def web_hint() -> str:
    """Return the hint for a module without names of rtd and of Flask; empty: it is not about
    Flask."""
    if "flask" not in sys.modules and not os.environ.get("FLASK_APP"):
        return ""
    return f"; as a program of Flask it has none of {_TRIED}; {_NAME_IT}"


def no_web_app(module: ModuleType, app: str) -> AppError:
    """Return the error for a module with names of Flask in which no app was found."""
    bare = [name for name in APPS if extensions_of(getattr(module, name, None)) is not None]
    what = f"has no Flask app with a task worker: there is none of {_TRIED}"
    if bare:
        what = f"has {bare[0]!r}, a Flask {NO_WORKER}"
    return AppError(f"app {app}: {module.__file__} {what}; {_NAME_IT}")
