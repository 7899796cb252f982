"""The daemon's log: one readable line per event, on stderr or in a file.

Everything rtd says about itself goes through the logger `rtd`. Under systemd
(JOURNAL_STREAM is set) the journal stamps each line, so the time is left out.
"""

import logging
import os
import sys
from pathlib import Path

from rtd.common.format_units import format_time
from rtd.supervisor.core.log_rotation import BoundedHandler

log = logging.getLogger("rtd")

_MARKS = {
    logging.DEBUG: "debug",
    logging.INFO: "info ",
    logging.WARNING: "warn ",
    logging.ERROR: "error",
    logging.CRITICAL: "fatal",
}


class LineFormatter(logging.Formatter):
    """Formats `2026-01-31 12:00:00.123 EET info  text`; folds several lines into one.

    What does not print is escaped: names and errors of others are in some lines, and the daemon in
    the foreground writes them to a terminal.
    """

    def __init__(self, stamped: bool) -> None:
        super().__init__()
        self._stamped = stamped

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text}: {where_raised(record.exc_info[1])}"
        text = " | ".join(line for line in text.splitlines() if line.strip())
        if not text.isprintable():
            text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
        mark = _MARKS.get(record.levelno, "info ")
        if not self._stamped:
            return f"{mark} {text}"
        return f"{format_time(record.created, has_ms=True)} {mark} {text}"


def where_raised(error: BaseException) -> str:
    """Return an unexpected error as one line: what, and the innermost place it came from."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        code = trace.tb_frame.f_code
        place = f" ({code.co_filename}:{trace.tb_lineno} in {code.co_name})"
    return f"{type(error).__name__}: {error}{place}"


def set_up_logging(level: str = "info", file: Path | None = None) -> None:
    """Send the daemon's log to stderr; `file`: the file behind stderr, kept within its bound."""
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler(sys.stderr)
        stamped = "JOURNAL_STREAM" not in os.environ
    else:
        handler = BoundedHandler(file)
        stamped = True
    handler.setFormatter(LineFormatter(stamped))
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel(level.upper())


def detached_log() -> Path | None:
    """Return the file of the log of a daemon that has left its terminal; None for another."""
    return next((one.file for one in log.handlers if isinstance(one, BoundedHandler)), None)


def make_log_again(file: Path) -> None:
    """Make the log again that was removed: from now on stdout and stderr of this process go there.

    Raises:
        OSError: it cannot be made.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(file, flags, 0o600)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    os.close(fd)
