"""Starts of Python for rtd's own programs, none of which imports from the working directory.

`python -m` puts the working directory first on `sys.path`: a `json.py` beside an app, or other
users' files in /tmp, would take the place of Python's own modules. The app's directory is put
there only where the app is imported (`rtd.session.app.load_app`).
"""

import os
import sys


def module_command(module: str, *words: str) -> list[str]:
    """Return the command line that runs a module of rtd. Programs that it starts inherit nothing
    of this: `-P` is no variable of the environment."""
    return [sys.executable, "-P", "-m", module, *words]


def leave_working_directory() -> None:
    """Import nothing from the working directory, in a program that a user has started by
    `python -m`."""
    if not sys.flags.safe_path and sys.path[:1] in ([""], [os.getcwd()]):
        del sys.path[0]
