"""Exceptions of an app's code: the two that rtd offers to tasks, and how others are described."""

import os
import traceback
from collections.abc import Iterable
from typing import Final

from rtd.common.package_root import PACKAGE_ROOT
from rtd.process.events.keyboard_interrupt import is_ctrl_c

_STANDARD_LIBRARY: Final = os.path.join(os.path.dirname(os.__file__), "")


class Error(Exception):
    """Raise it in a task for an expected failure.

    The run ends in state `error`; any other exception of a task makes it an `exception`.
    """

    __module__ = "rtd"


class Skip(Exception):
    """Raise it in a task or a middleware when there is nothing to do: the run ends as `cancelled`.

    Its text says why. It is no failure: nothing is tried again.
    """

    __module__ = "rtd"


class TaskAborted(Exception):
    """Stands for the exception of an attempt that rtd ended, or whose process died.

    `process_outcome` of a middleware gets it.

    Args:
        message: why, one sentence.
        state: how the attempt ended: `terminated`, `lost` or `cancelled`.
        by: who or what ended it: `timeout`, `drain`, a user, `rtd`.
    """

    __module__ = "rtd"

    def __init__(self, message: str, state: str = "terminated", by: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.state = state
        self.by = by


class Stopped(BaseException):
    """Raised inside a task that was asked to stop (timeout, limit, kill, drain).

    It is no `Exception`, so that `except Exception` does not swallow it. A task may catch
    it to clean up, until its grace ends; then the task is killed.
    """

    __module__ = "rtd"


def is_app_error(error: BaseException) -> bool:
    """Tell whether an exception of the app's code is only a fault of the app.

    True for every exception except the stop of a run and a user's Ctrl-C.
    """
    return not (isinstance(error, Stopped) or is_ctrl_c(error))


def is_stop(error: BaseException) -> bool:
    """Tell whether a run was asked to end: `Stopped`, or asyncio's `CancelledError`."""
    cancelled = type(error).__name__ == "CancelledError" and not isinstance(error, Exception)
    return isinstance(error, Stopped) or cancelled


def describe_error(error: BaseException) -> str:
    """Return `ValueError: text (file, line 12)`, the innermost frame of the app's own code."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"SyntaxError: {error.msg} ({error.filename}, line {error.lineno})"
    text = name_error(error)
    frame = find_app_frame(traceback.extract_tb(error.__traceback__))
    return text if frame is None else f"{text} ({frame.filename}, line {frame.lineno})"


def name_error(error: BaseException) -> str:
    """Return `ValueError: text`, of which any record can hold every character."""
    text = ": ".join(filter(None, (type(error).__name__, _first_line(error))))
    return text.encode(errors="backslashreplace").decode()


def find_app_frame(frames: Iterable[traceback.FrameSummary]) -> traceback.FrameSummary | None:
    """Return the innermost frame of the app's own code.

    For an error of Python's library or of another package it is the app's call, unless the app
    itself is such a package.
    """
    known = [
        frame
        for frame in frames
        if "importlib" not in frame.filename
        and not frame.filename.startswith(("<frozen", PACKAGE_ROOT))
    ]
    own = [frame for frame in known if not _is_library(frame.filename)]
    return own[-1] if own else known[-1] if known else None


def _is_library(file: str) -> bool:
    return file.startswith(_STANDARD_LIBRARY) or "/site-packages/" in file


def _first_line(error: BaseException) -> str:
    try:
        return str(error).partition("\n")[0].rstrip()
    except Exception as broken:  # the class belongs to the app
        return f"(its __str__ raised {type(broken).__name__})"
