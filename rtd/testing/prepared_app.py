"""Makes an app ready to have its tasks carried out in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import isclass
from types import ModuleType
from typing import Any, Final
from weakref import WeakSet

from rtd.common.errors import BadRequest, UnknownTask
from rtd.common.text_of import show_value
from rtd.config.config import Config
from rtd.config.load_settings import load_config
from rtd.model.manifest import CHECK_LISTS, Manifest, TaskInfo
from rtd.session.app.load_app import complete_session, load
from rtd.session.app.manifest import manifest_of
from rtd.session.core.default_session import SESSIONS, default_session
from rtd.session.core.session_state import SessionState
from rtd.session.session import Session
from rtd.session.settings.settings import SETTINGS, SettingsModule
from rtd.session.settings.settings_module import find_settings_module
from rtd.session.tasks.check_class import refuse_instance
from rtd.session.tasks.task import Task

#: What a test may name as an app.
App = SessionState | str | None
#: The sessions that have their settings module and their middleware.
_COMPLETE: Final[WeakSet[Session]] = WeakSet()
_COMMAND: Final = "command"


class PreparedApp:
    """An app whose tasks can be carried out here.

    Args:
        app: a session, an app as for `rtd run`, or None for the default session.

    Attributes:
        session: of the app.
        config: the settings of a daemon that would be started here.

    Raises:
        AppError, ConfigError: one line, as `rtd check` has it.
    """

    def __init__(self, app: App) -> None:
        self.config: Final[Config] = load_config()
        self.session: Final = _session_of(app, self.config)
        self._manifest: Manifest = manifest_of(self.session)

    def refresh(self) -> None:
        """Take tasks, parameters and hooks over that were declared meanwhile."""
        self._manifest = manifest_of(self.session)

    @property
    def manifest(self) -> Manifest:
        """The app as plain data."""
        return self._manifest

    def find(self, name: str) -> TaskInfo:
        """Return a Python task.

        Raises:
            UnknownTask: there is none of that name.
            BadRequest: it is a command.
        """
        try:
            info = self._manifest.find(name)
        except UnknownTask:
            self.refresh()  # it may have been declared since
            info = self._manifest.find(name, CHECK_LISTS)
        if info.lane == _COMMAND:
            raise BadRequest(
                f"task {name!r} is a command, and rtd.testing carries out Python in this process:"
                " use rtd.testing.daemon_of for it"
            )
        return info


def name_of(task: Any, session: SessionState | None) -> tuple[str, SessionState | None]:
    """Return the name of a task, and its session where that is known.

    Args:
        task: the name, the task, or its function or class.
        session: as the test named it.

    Raises:
        BadRequest: it is no task.
        PolicyError: it is an instance of a class whose runs make the instances.
    """
    if isinstance(task, str):
        return task, session
    refuse_instance(task, "rtd.testing")
    if isinstance(task, Task):
        return task.name, session or task.session
    searched = default_session() if session is None else _checked_session(session)
    for found in searched.tasks.values():
        if _is_code_of(task, found):
            return found.name, searched
    kind = "class" if isclass(task) else "function" if callable(task) else "value"
    raise BadRequest(f"{show_value(task)}: no task of the session has this {kind}; declare it")


def _is_code_of(code: Callable[..., Any], task: Any) -> bool:
    return task.definition.target is code or getattr(task, "func", None) is code


def _session_of(app: App, config: Config) -> Session:
    if isinstance(app, str):
        imported_by_rtd = SESSIONS.imported_by_rtd
        try:
            session: Session = load(app, config.middleware, _COMPLETE)
        finally:
            SESSIONS.imported_by_rtd = imported_by_rtd
        _COMPLETE.add(session)
        return session
    found = _checked_session(app if app is not None else default_session())
    if found not in _COMPLETE:
        complete_session(found, _settings_of(found), config.middleware)
        _COMPLETE.add(found)
    return found


def _checked_session(given: Any) -> Session:
    if not isinstance(given, Session):
        raise BadRequest(
            f"session must be a Session or the name of an app, not {show_value(given)}"
        )
    return given


def _settings_of(session: SessionState) -> SettingsModule | None:
    """Return the settings module of the app that has the session. A test may have it, too."""
    holders = [module for module in list(sys.modules.values()) if _holds(module, session)]
    for module in [*holders, ModuleType("app")]:
        found = find_settings_module(module)
        if found is not None:
            SETTINGS.take_loaded(found)
            return found
    return None


def _holds(module: Any, session: SessionState) -> bool:
    try:
        return any(value is session for value in list(vars(module).values()))
    except TypeError:  # an object that only stands for a module
        return False
