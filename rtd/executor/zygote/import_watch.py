"""Says on stderr where an import is that takes long: perhaps it hangs."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

from rtd.common.format_units import format_duration
from rtd.common.stdlib.originals import os
from rtd.process.events.slow_block import watch_block
from rtd.session.core.app_errors import find_app_frame

__all__ = ["watch_import"]

#: When the first line comes.
FIRST_S: Final = 10.0
_STDERR: Final = 2


@contextmanager
def watch_import(app: str, first_s: float = FIRST_S) -> Iterator[None]:
    """Watch the import of an app in this block."""

    def report(took_s: float, frame: FrameType | None) -> None:
        line = f"rtd: warning: app {app} has been importing for {format_duration(took_s)}"
        with suppress(OSError):  # no stderr
            os.write(_STDERR, f"{line}{_place(frame)}\n".encode(errors="backslashreplace"))

    with watch_block(first_s, report):
        yield


def _place(frame: FrameType | None) -> str:
    """Return `: in FILE, line 12 (function)`, the app's own innermost call."""
    stack = traceback.StackSummary.extract(traceback.walk_stack(frame), lookup_lines=False)
    found = find_app_frame(reversed(stack))
    if found is None:
        return ""
    name = "" if found.name == "<module>" else f" ({found.name})"
    return f": in {found.filename}, line {found.lineno}{name}"
