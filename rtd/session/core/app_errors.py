"""Exceptions of an app's code: the two that rtd offers to tasks, and how others are described."""

import traceback

from rtd.common.package_root import PACKAGE_ROOT
from rtd.process.events.keyboard_interrupt import is_ctrl_c


class Error(Exception):
    """Raise it in a task for an expected failure.

    The run ends in state `error`; any other exception of a task makes it an `exception`.
    """


class Stopped(BaseException):
    """Raised inside a task that was asked to stop (timeout, limit, kill, drain).

    It is no `Exception`, so that `except Exception` does not swallow it. A task may catch
    it to clean up, until its grace ends; then the task is killed.
    """


def is_app_error(error: BaseException) -> bool:
    """Tell whether an exception of the app's code is only a fault of the app.

    True for every exception except the stop of a run and a user's Ctrl-C.
    """
    return not (isinstance(error, Stopped) or is_ctrl_c(error))


def describe_error(error: BaseException) -> str:
    """Return `ValueError: text (file, line 12)`, the innermost frame of user code."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"SyntaxError: {error.msg} ({error.filename}, line {error.lineno})"
    text = ": ".join(filter(None, (type(error).__name__, _first_line(error))))
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and not frame.filename.startswith(PACKAGE_ROOT)
    ]
    if not frames:
        return text
    return f"{text} ({frames[-1].filename}, line {frames[-1].lineno})"


def _first_line(error: BaseException) -> str:
    try:
        return str(error).partition("\n")[0].rstrip()
    except Exception as broken:  # the class belongs to the app
        return f"(its __str__ raised {type(broken).__name__})"
