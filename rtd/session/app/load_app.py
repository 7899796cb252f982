"""Imports an app: `package.module:session`, a module, or a file."""

import importlib
import sys
from collections.abc import Container, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

from rtd.common.errors import AppError
from rtd.common.stdlib.originals import os
from rtd.process.events.keyboard_interrupt import CtrlC, mark_ctrl_c
from rtd.process.fork.fork_guard import exit_child
from rtd.session.app.find_session import find_session
from rtd.session.app.no_web_server import no_web_server
from rtd.session.core.app_errors import describe_error
from rtd.session.core.app_folders import (
    add_app_folder,
    check_app_files,
    working_directory_fault,
)
from rtd.session.core.app_frames import print_error
from rtd.session.core.default_session import SESSIONS
from rtd.session.core.import_file import package_root
from rtd.session.middleware.load_middleware import load_middleware
from rtd.session.session import Session
from rtd.session.settings.settings import SettingsModule
from rtd.session.settings.settings_module import read_settings_module

__all__ = ["hide_arguments", "load"]

_EXIT_HINT: Final = (
    "; an app is imported, without a command line: parse arguments and exit under"
    " `if __name__ == '__main__':`"
)


def load(
    app: str, middleware: Sequence[str] = (), complete: Container[Session] = frozenset()
) -> Session:
    """Import an app and return its session. Puts the working directory on `sys.path`, behind
    Python's own modules.

    Args:
        app: `package.module:session`, `package.module`, `path/to/file.py` or
            `path/to/file.py:session`. Without a name the module must hold exactly one. The name
            may also be that of a Flask app with a task worker (`module:app`), or a call that
            returns one (`module:create_app('dev')`).
        middleware: dotted names, which the daemon's configuration has.
        complete: sessions for which `complete_session` was called before.

    Raises:
        AppError: one line: what failed, in which file, at which line.
        KeyboardInterrupt: a user's Ctrl-C. One that the app raises itself is an AppError.
    """
    process = os.getpid()
    try:
        with mark_ctrl_c():
            return _load(app, middleware, complete)
    finally:
        if os.getpid() != process:
            _end_forked(app)


def hide_arguments(app: str) -> None:
    """Leave the name of the app as the only word of `sys.argv`: rtd's own are not the app's."""
    sys.argv[:] = [app.partition(":")[0]]


def _end_forked(app: str) -> None:
    """End a process that the app forked while it was imported, and that did not end itself.

    It ends as it would behind the last line of a script, and never becomes a second daemon.
    """
    error = sys.exc_info()[1]
    cause = error.__cause__ or error if error is not None else None
    if cause is not None and not isinstance(cause, SystemExit):
        print_error(cause)
    elif cause is None:
        print(
            f"rtd: a process that app {app} forked while it was imported came to the end of the"
            " import: it ends here; start processes in a task",
            file=sys.stderr,
        )
    sys.stdout.flush()
    sys.stderr.flush()
    exit_child(cause is not None and not _is_success(cause))


def _is_success(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)


def _load(app: str, middleware: Sequence[str], complete: Container[Session]) -> Session:
    target, _, attribute = app.partition(":")
    fault = working_directory_fault()
    if fault is None:
        add_app_folder(Path.cwd())
    SESSIONS.imported_by_rtd = True
    with no_web_server():
        module = _import(app, target, fault)
        session = find_session(module, attribute, app)
    if session not in complete:
        complete_session(session, read_settings_module(module), middleware)
    return session


def complete_session(
    session: Session, settings: SettingsModule | None, middleware: Sequence[str]
) -> None:
    """Add to a session, once, what its app has beside its own code.

    Args:
        settings: of the app's settings module.
        middleware: see `load`.

    Raises:
        AppError: as `load`.
    """
    session.rt_settings = settings
    session.load_files()
    if settings is not None:
        from rtd.session.settings.set_settings import set_settings  # lazy: many apps have none

        set_settings(session, settings)
    session.middleware = load_middleware(session, middleware)


def _import(app: str, target: str, folder_fault: str | None) -> ModuleType:
    """Import the module of an app.

    Args:
        folder_fault: why modules of the working directory are not found; None: they are.
    """
    file = Path(target).absolute() if target.endswith(".py") or "/" in target else None
    if file is not None:
        target = _module_of_file(app, file)
    elif not target or not all(part.isidentifier() for part in target.split(".")):
        raise AppError(f"{app!r} is no app; write package.module:session or path/to/file.py")
    elif folder_fault is None:
        check_app_files(app, Path.cwd(), target)
    top = target.partition(".")[0]
    if top in sys.stdlib_module_names:  # Python's own modules come first
        raise AppError(
            f"app {app} does not import: another module is called {top!r} (Python's own);"
            " give it another name"
        )
    try:
        module = importlib.import_module(target)
    except CtrlC:
        raise
    except BaseException as error:  # all that an app can raise becomes one line
        hint = _EXIT_HINT if isinstance(error, SystemExit) else ""
        if folder_fault is not None and isinstance(error, ModuleNotFoundError):
            hint = f"; root imports nothing from the working directory: {folder_fault}"
        raise AppError(f"app {app} does not import: {describe_error(error)}{hint}") from error
    found = getattr(module, "__file__", None)
    if file is not None and found is not None and not file.samefile(found):
        raise AppError(
            f"app {app} does not import: another module is called {target!r} ({found});"
            " give the file another name"
        )
    return module


def _module_of_file(app: str, path: Path) -> str:
    """Return the dotted name of a file, with the root of its package on `sys.path`.

    The file's own folder comes last: the app may be meant to start as `python path/to/file.py`.
    """
    if not path.is_file():
        raise AppError(f"app {app} does not import: there is no file {path}")
    folder, name = package_root(path)
    check_app_files(app, folder, name)
    add_app_folder(folder)
    add_app_folder(path.parent, last=True)
    return name
