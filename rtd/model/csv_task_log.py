"""Reads a task log from a CSV file: one of rtd's, or one that Red Engine has written."""

import csv
import os
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TextIO

from rtd.common.errors import ConfigError
from rtd.model.task_log_entry import RUN, LogRow


def read_csv(path: Path) -> Iterator[LogRow]:
    """Yield the rows of a file, the oldest first; none when there is no file.

    Raises:
        ConfigError: it is no CSV that can be read; says after which line.
    """
    try:
        file = _open(path)
    except FileNotFoundError:
        return
    with file:
        rows = csv.DictReader(file)
        try:
            for cells in rows:
                row = _row_of(cells)
                if row is not None:
                    yield row
        except csv.Error as error:
            place = f"{path}, after line {rows.line_num}"
            raise ConfigError(f"{place}: {error}; move it away") from None


def _open(path: Path) -> TextIO:
    """Open a regular file. A client reads the one that a daemon names, which may be another user's:
    to open a pipe would hold it up, to open a device could do anything."""
    found = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise ConfigError(f"{path} is no regular file, so no task log; move it away")
        return open(f"/proc/self/fd/{found}", encoding="utf-8", newline="", errors="replace")
    finally:
        os.close(found)


def _row_of(cells: Mapping[str, str | None]) -> LogRow | None:
    """Return the row, None for cells that are no action of a task."""
    task, action = cells.get("task_name"), cells.get("action")
    at = _number(cells.get("created"))
    exact = at is not None
    at = at if exact else _moment(cells.get("asctime"))
    if not task or not action or at is None:
        return None
    start_at = _moment(cells.get("start"))
    if action == RUN:
        return LogRow(
            task, action, cells.get("run_id") or "", at if exact else start_at or at, None
        )
    end_at = at if exact else _moment(cells.get("end")) or at
    text = cells.get("exc_text") or None
    return LogRow(task, action, cells.get("run_id") or "", start_at, end_at, text)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _moment(text: str | None) -> float | None:
    """Return the epoch seconds of a local time as it is written."""
    try:
        return datetime.fromisoformat((text or "").replace(",", ".")).timestamp()
    except ValueError:
        return None
