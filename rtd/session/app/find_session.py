"""Finds the session of an app: one in its module, what holds one, or a call that returns one."""

import ast
from types import ModuleType
from typing import Any

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import AppError
from rtd.session.app.find_web_app import (
    NO_WORKER,
    call_factory,
    extensions_of,
    factory_in,
    is_factory,
    is_web_module,
    names_of_apps,
    no_web_app,
    web_hint,
    worker_in,
    worker_of,
)
from rtd.session.app.session_holder import SessionHolder
from rtd.session.core.app_errors import describe_error
from rtd.session.core.default_session import find_default_session
from rtd.session.session import Session


def find_session(module: ModuleType, attribute: str, app: str) -> Session:
    """Return the session of an app, complete.

    Args:
        module: of the app, imported.
        attribute: what the app's name says behind the colon: a name, or a call with literals.
        app: the app's name, for errors.

    Raises:
        AppError: there is none, or several; the sentence says which there are.
    """
    # isinstance() would read `__class__` of other libraries' lazy objects and load them.
    held = {name: value for name, value in vars(module).items() if _is_held(value)}
    if attribute:
        found = _value(module, attribute, app)
        return _complete(_named(found, module, attribute, app, list(held)), module, app)
    sessions = {id(found): found for found in map(_session_of, held.values())}
    if len(sessions) == 1:
        return _complete(next(iter(held.values())), module, app)
    if sessions:
        raise AppError(f"app {app} has several apps ({', '.join(held)}); name one: {app}:NAME")
    return _implied(module, app)


def _implied(module: ModuleType, app: str) -> Session:
    """Return the session of a module that holds none: the default one, or that of a Flask app."""
    implied = find_default_session()
    if isinstance(implied, Session) and implied.holder is None:
        return implied
    worker = worker_in(module)
    if worker is not None:
        return _complete(worker, module, app)
    if isinstance(implied, Session):
        return _complete(implied, module, app)
    name = factory_in(module)
    if name is not None:
        return _complete(_made(call_factory(module, name, app), f"{name}()", app), module, app)
    if is_web_module(module):
        raise no_web_app(module, app)
    raise AppError(f"app {app}: {module.__file__} has no App; write `app = App()`{web_hint()}")


def _made(found: Any, call: str, app: str) -> Any:
    """Return the task worker of what a factory has returned. Raises AppError."""
    if _is_held(found):
        return found
    worker = worker_of(found)
    if worker is None:
        kind = type(found).__name__
        is_app = extensions_of(found) is not None
        lack = (
            NO_WORKER
            if is_app
            else "no Flask app: it has to return the one of task_worker.init_app(app)"
        )
        raise AppError(f"app {app}: {call} returned {kind}, {lack}")
    return worker


def _is_held(value: Any) -> bool:
    return issubclass(type(value), Session | SessionHolder)


def _session_of(value: Any) -> Session:
    found: Session = value.session if issubclass(type(value), SessionHolder) else value
    return found


def _named(found: Any, module: ModuleType, attribute: str, app: str, names: list[str]) -> Any:
    """Return the session or its holder that an app's name means. Raises AppError."""
    if _is_held(found):
        return found
    worker = worker_of(found)
    if worker is not None:
        return worker
    if is_factory(module, attribute, found):
        return _made(call_factory(module, attribute, app), f"{attribute}()", app)
    what = f"has no {attribute!r}"
    if found is not None:
        what = f"has {attribute!r}, but that is no App but {type(found).__name__}"
    if extensions_of(found) is not None:
        what = f"has {attribute!r}, a {type(found).__name__} {NO_WORKER}"
    elif is_web_module(module) and attribute.endswith(")"):
        return _made(found, attribute, app)
    hint = f"; it has {', '.join(names)}" if names else ""
    if found is None and (names or is_web_module(module)):
        hint = did_you_mean(attribute, names_of_apps(module, names), hint[2:] or web_hint()[2:])
    raise AppError(f"app {app}: {module.__file__} {what}{hint}")


def _complete(found: Any, module: ModuleType, app: str) -> Session:
    session = _session_of(found)
    holder = session.holder
    if holder is not None:
        holder.on_load(module, app)
    return session


def _value(module: ModuleType, expression: str, app: str) -> Any:
    """Return what a name or a call stands for in a module; None: there is no such name."""
    name, args, kwargs = read_expression(expression, app)
    found = getattr(module, name, None)
    if args is None or found is None:
        return found
    try:
        return found(*args, **kwargs)
    except Exception as error:
        raise AppError(f"app {app}: {expression} failed: {describe_error(error)}") from error


def read_expression(expression: str, app: str) -> tuple[str, list[Any] | None, dict[str, Any]]:
    """Return the name, and the arguments of a call; None in their place: it is no call.

    Raises:
        AppError: it is neither.
    """
    try:
        node = ast.parse(expression.strip(), mode="eval").body
        if isinstance(node, ast.Name):
            return node.id, None, {}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            args = [ast.literal_eval(arg) for arg in node.args]
            kwargs = {str(word.arg): ast.literal_eval(word.value) for word in node.keywords}
            return node.func.id, args, kwargs
    except (SyntaxError, ValueError):
        pass
    raise AppError(
        f"app {app}: {expression!r} is neither a name nor a call with plain values, such as"
        " create_app('dev')"
    )
