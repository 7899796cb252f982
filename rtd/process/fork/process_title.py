"""The titles of rtd's processes in `ps` and `top`."""

from contextlib import suppress
from functools import cache

from setproctitle import getproctitle, setproctitle

from rtd.common.stdlib.originals import os

__all__ = ["set_title"]

_KEEP_ENVIRONMENT = "SPT_NOENV"


def set_title(text: str) -> None:
    """Show this process as `rtd: text` (for example `rtd: process executor`).

    A title longer than the command line that the process was started with is cut.
    """
    _prepare()
    # The name of a task may come from Redis; one of an app is printable.
    shown = text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
    setproctitle(f"rtd: {shown}")


@cache
def _prepare() -> None:
    """Let setproctitle measure the room for titles, once.

    Without SPT_NOENV at that moment, titles overwrite the environment that /proc/PID/environ
    shows, by which people (and our tests) tell whose a process is.
    """
    before = os.environ.get(_KEEP_ENVIRONMENT)
    os.environ[_KEEP_ENVIRONMENT] = "1"
    with suppress(UnicodeDecodeError):  # a word of the command line is not UTF-8
        getproctitle()
    if before is None:
        del os.environ[_KEEP_ENVIRONMENT]
