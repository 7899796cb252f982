"""Starts of Python for rtd's own programs: in UTF-8, without imports from the working directory.

`python -m` puts the working directory first on `sys.path`: a `json.py` beside an app, or other
users' files in /tmp, would take the place of Python's own modules. The app's directory is put
there only where the app is imported (`rtd.session.app.load_app`).

Names of files and words of command lines are bytes, and texts between rtd's processes are UTF-8. In
a locale with another encoding Python reads the same bytes as other texts, so all of them run in
Python's UTF-8 mode, which is the default from Python 3.15 on.
"""

import os
import sys

#: Stands in the place of the code of an error in the line of a start.
READY = "ready"


def module_command(module: str, *words: str) -> list[str]:
    """Return the command line that runs a module of rtd. Programs that it starts inherit nothing
    of this: `-P` and `-X` are no variables of the environment."""
    return [sys.executable, "-P", "-X", "utf8", "-m", module, *words]


def leave_working_directory() -> None:
    """Import nothing from the working directory, in a program that a user has started by
    `python -m`."""
    if not sys.flags.safe_path and sys.path[:1] in ([""], [os.getcwd()]):
        del sys.path[0]


def ensure_utf8() -> None:
    """Run this program again in UTF-8 mode if the locale has another encoding: it then begins
    again, and this does not return."""
    if sys.getfilesystemencoding() != "utf-8" and "utf8" not in sys._xoptions:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def start_line(code: str, text: str) -> str:
    """Return the line: `READY` and perhaps a note, or the code of an error and what is wrong."""
    return f"{code}\t{' | '.join(text.splitlines())}\n"


def parse_start_line(line: str) -> tuple[str, str]:
    """Return code and text of such a line; empty ones when the daemon ended without it."""
    code, _, text = line.strip("\n").partition("\t")
    return code, text
