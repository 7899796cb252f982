"""Ctrl-C while a command is still imported: its end, without a traceback.

Uses `_signal`, the C half of `signal`: the Python half would cost every `rtctl` the enums.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # typeshed does not have it
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

INTERRUPTED = 130


def end_on_interrupt() -> None:
    """End this process at SIGINT with exit code 130, until `run_command` has loaded the command.
    A SIGINT that is ignored stays so."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _end)


def run_command(load: Callable[[], Callable[[], int]]) -> int:
    """Run the command line of this process, and return its exit code.

    Args:
        load: imports the command and returns its function; Ctrl-C meanwhile is no traceback.
    """
    end_on_interrupt()
    command = load()
    try:
        _raise_on_interrupt()
        return command()
    except KeyboardInterrupt:
        return INTERRUPTED


def _raise_on_interrupt() -> None:
    """Let SIGINT raise KeyboardInterrupt again, as Python does by itself."""
    if _signal.getsignal(_signal.SIGINT) is _end:
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)


def _end(*_: object) -> None:
    os._exit(INTERRUPTED)  # nothing has been begun that had to be ended in order
