"""`session.start()`: the program that declares the tasks becomes their daemon.

The daemon is a child of the program's: `rtd run` with the program's own module as the app. So
`python main.py` and `rtd run main.py` are the same daemon, with the same socket and the same
processes, and each adopts what the other left behind.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from rtd.common.errors import AppError
from rtd.process.fork.foreground import run_in_foreground
from rtd.session.core import run_context
from rtd.session.core.default_session import SESSIONS

if TYPE_CHECKING:
    from rtd.session.session import Session


def start(session: Session) -> None:
    """Serve a session until the daemon ends.

    Raises:
        AppError: rtd itself is importing the app, or nobody can tell what to import.
        SystemExit: the daemon failed; it has said why. The code is its exit code.
    """
    refuse_inside("start")
    code = run_in_foreground(daemon_command(app_of(session)))
    if code:
        raise SystemExit(code)


def daemon_command(app: str, *flags: str) -> list[str]:
    """The command line of a daemon that ends when this process does."""
    command = [sys.executable, "-m", "rtd", "run", app, "--parent", str(os.getpid())]
    return [*command, *flags]


def refuse_inside(verb: str) -> None:
    """Raises AppError where rtd itself has imported the app: a daemon would start daemons."""
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


def app_of(session: Session) -> str:
    """What to give to `rtd run` for a session of this process.

    It is the program itself if that holds the session, else the module that does. A session
    that no module holds stands for the one that declarations without a session go to.

    Raises:
        AppError: the session is in no file, so that no other process can import it.
    """
    return apps_of(session)[0]


def apps_of(session: Session) -> list[str]:
    """All that `rtd run` could be given for a session, the best first. Raises AppError."""
    main = sys.modules["__main__"]
    others = [module for module in list(sys.modules.values()) if module is not main]
    found = [module for module in (main, *others) if _names_in(module, session)]
    if found:
        return [_app(module, session) for module in found]
    if not _sessions_in(main):
        return [_app(main, None)]
    raise AppError(
        "no module holds this session; make it at the top level of a file:"
        " `session = Session(...)`, and not inside a function"
    )


def _app(module: ModuleType, session: Session | None) -> str:
    """A module as an app; the session is named where there are several."""
    target = _target(module)
    several = len({id(found) for found in _sessions_in(module)}) > 1
    names = [] if session is None else _names_in(module, session)
    return f"{target}:{names[0]}" if several and names else target


def _target(module: ModuleType) -> str:
    """`package.module` of what was imported by its name, else the file."""
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
    """Whether a module was found only because it lies beside or below the script that was
    started, which is not where the daemon is: that one looks from the working directory."""
    script = getattr(sys.modules["__main__"], "__file__", None)
    if getattr(sys.modules["__main__"], "__spec__", None) is not None or None in (file, script):
        return False
    folder = Path(str(script)).absolute().parent
    return folder != Path.cwd() and Path(str(file)).absolute().is_relative_to(folder)


def _names_in(module: ModuleType, session: Session) -> list[str]:
    """How a module calls a session at its top level."""
    try:
        found = list(vars(module).items())
    except TypeError:  # something that only stands for a module
        return []
    return [name for name, value in found if value is session]


def _sessions_in(module: ModuleType) -> list[Session]:
    from rtd.session.session import Session  # lazy: it calls this module

    # isinstance() would ask lazy objects of other libraries for their class, and wake them.
    return [value for value in list(vars(module).values()) if issubclass(type(value), Session)]
