"""`session.start()`: a program starts the daemon of its own tasks.

The daemon is a child of the program: `rtd run` with the program's own module as the app. So
`python main.py` and `rtd run main.py` are the same daemon, with the same socket and the same
processes, and each adopts the runs that the other left behind.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

from rtd.common.errors import AppError
from rtd.config.python_command import module_command
from rtd.process.fork.foreground import run_in_foreground
from rtd.session.context import run_context
from rtd.session.core.default_session import SESSIONS
from rtd.session.core.session_state import SessionState


def start(session: SessionState) -> None:
    """Serve a session until the daemon ends.

    Raises:
        AppError: rtd itself is importing the app, or the session is in no file.
        SystemExit: the daemon failed and has printed why. The code is the daemon's exit code.
    """
    refuse_inside("start")
    code = run_in_foreground(daemon_command(app_of(session)))
    if code:
        raise SystemExit(code)


def daemon_command(app: str, *flags: str) -> list[str]:
    """Return the command line of a daemon that ends when this process does."""
    command = module_command("rtd", "run", app, "--parent", str(os.getpid()))
    return [*command, *flags]


def refuse_inside(verb: str) -> None:
    """Raise AppError where rtd itself has imported the app: a daemon would start daemons."""
    if run_context.find_run() is not None:
        raise AppError(
            f"session.{verb}() was called in a run of rtd; a task submits others with a client:"
            " `from rtctl import Client`"
        )
    if SESSIONS.imported_by_rtd:
        raise AppError(
            f"session.{verb}() was called while rtd was importing the app;"
            " put it under if __name__ == '__main__':"
        )


def app_of(session: SessionState) -> str:
    """Return the argument of `rtd run` for a session of this process.

    The program itself if that holds the session, else the module that does. For the default
    session, which no module holds, the program.

    Raises:
        AppError: the session is in no file, so that no other process can import it.
    """
    return apps_of(session)[0]


def apps_of(session: SessionState) -> list[str]:
    """Return all arguments of `rtd run` that name a session, the best first. Raises AppError."""
    main = sys.modules["__main__"]
    others = [module for module in list(sys.modules.values()) if module is not main]
    found = [module for module in (main, *others) if _names_in(module, session)]
    if found:
        return [_app(module, session) for module in found]
    if not _sessions_in(main):
        return [_app(main, None)]
    raise AppError(
        "no module holds this session; make it at the top level of a file:"
        " `app = App(...)`, and not inside a function"
    )


def _app(module: ModuleType, session: SessionState | None) -> str:
    """Return a module as an app, with the session's name if the module has several."""
    target = import_name(module)
    several = len({id(found) for found in _sessions_in(module)}) > 1
    names = [] if session is None else _names_in(module, session)
    return f"{target}:{names[0]}" if several and names else target


def import_name(module: ModuleType) -> str:
    """Return `package.module` of a module that was imported by its name, else its file."""
    spec = getattr(module, "__spec__", None)
    file = getattr(module, "__file__", None)
    if spec is not None and not _beside_the_script(file):
        return str(spec.name)
    if file is None or not Path(file).is_file():
        raise AppError(
            "this session is in no file (an interactive Python?), and the daemon has to import"
            " it; write it into one and start that: python main.py"
        )
    path = Path(file).absolute()
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _beside_the_script(file: str | None) -> bool:
    """Tell whether a module is importable only beside or below the script that was started.

    The daemon cannot import such a module: it searches from the working directory.
    """
    script = getattr(sys.modules["__main__"], "__file__", None)
    if getattr(sys.modules["__main__"], "__spec__", None) is not None or None in (file, script):
        return False
    folder = Path(str(script)).absolute().parent
    return folder != Path.cwd() and Path(str(file)).absolute().is_relative_to(folder)


def _names_in(module: ModuleType, session: SessionState) -> list[str]:
    """Return the names of a session at the top level of a module."""
    try:
        found = list(vars(module).items())
    except TypeError:  # an object that only stands for a module
        return []
    return [name for name, value in found if value is session]


def _sessions_in(module: ModuleType) -> list[SessionState]:
    # isinstance() would read `__class__` of other libraries' lazy objects and load them.
    return [value for value in list(vars(module).values()) if issubclass(type(value), SessionState)]
