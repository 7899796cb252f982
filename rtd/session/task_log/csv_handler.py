"""The task log as a CSV file: Red Engine's columns, and two more that make a row exact."""

import csv
import io
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rtd.model.csv_task_log import read_csv
from rtd.model.task_log_entry import LogRow
from rtd.session.task_log.open_log import open_log

#: The columns of a new file. One that is there already keeps the columns that it has.
COLUMNS: Final = (
    "task_name", "asctime", "action", "start", "end", "runtime", "exc_text", "run_id", "created",
)  # fmt: skip
#: Bytes at a file's end that are searched for rows that a process wrote before it died.
_TAIL_BYTES: Final = 8 << 20
#: Where one of our rows ends and the next begins: within a cell a quote stands there twice.
_WHOLE: Final = re.compile(rb'(?:[0-9]|created)"\n\Z')
_BETWEEN: Final = re.compile(rb'(?:[0-9]|created)"\n(?="(?!"))')
#: Rows to keep that could not be written; the oldest are dropped first.
_MOST_HELD: Final = 10_000


class CsvHandler(logging.Handler):
    """Writes each record of `rtd.task` as a row of a CSV file, which can be read back.

    A row is written once, even if the writing process dies and another one repeats the work. The
    file may be moved away at any time; then a new one is begun.

    Args:
        filename: relative to the current working directory. rtd makes the folder.
    """

    def __init__(self, filename: str | os.PathLike[str]) -> None:
        super().__init__()
        self.path = Path(filename).absolute()
        #: Rows are kept until `flush`; for a process that writes many at once.
        self.is_buffered = False
        self._rows: list[logging.LogRecord] = []
        #: False: the next rows may be at the end of the file already.
        self._begun = False

    def emit(self, record: logging.LogRecord) -> None:
        """Raises nothing: see `logging.Handler.handleError`."""
        try:
            self._rows.append(record)
            if not self.is_buffered:
                self.flush()
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Write the kept rows. Raises OSError, and ValueError for a file that is no CSV."""
        if not self._rows:
            return
        self.acquire()
        try:
            self._write(self._rows)
            self._rows = []
        except Exception:  # such as a full disk: the next flush writes them
            self._begun = False
            del self._rows[:-_MOST_HELD]
            raise
        finally:
            self.release()

    def _write(self, records: list[logging.LogRecord]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open_log(self.path) as file:
            tail = b"" if self._begun else _mend(file)
            columns = _header(file)
            text = b"\n" if tail and not tail.endswith(b"\n") else b""
            if not columns:
                columns = list(COLUMNS)
                text = _line(columns)
            for record in records:
                line = _line([_cell(record, name) for name in columns])
                if line not in tail:
                    text += line
            file.write(text)
        self._begun = True

    def read(self) -> Iterator[LogRow]:
        """Iterate over the rows of the file, the oldest first. Reads Red Engine's files, too."""
        return read_csv(self.path)


def _mend(file: io.BufferedRandom) -> bytes:
    """Return the end of the file, without a last row of rtd's that is not complete."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read()
    if not tail or _WHOLE.search(tail) or _header(file)[-1:] != [COLUMNS[-1]]:
        return tail
    whole = max((found.end() for found in _BETWEEN.finditer(tail)), default=0)
    file.truncate(size - len(tail) + whole)
    return tail[:whole]


def _header(file: io.BufferedRandom) -> list[str]:
    file.seek(0)
    first = file.readline().decode("utf-8", "replace")
    file.seek(0, os.SEEK_END)
    try:
        return next(csv.reader([first]), [])
    except csv.Error as error:
        raise ValueError(f"its first line names no columns ({error}): move it away") from None


def _line(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(cells)
    return out.getvalue().encode("utf-8", "backslashreplace")


_FORMATTER: Final = logging.Formatter()


def _cell(record: logging.LogRecord, name: str) -> str:
    if name == "asctime":
        return _FORMATTER.formatTime(record)
    if name == "created":
        return repr(record.created)
    if name == "message":
        return record.getMessage()
    value = getattr(record, name, None)
    return "" if value is None else str(value)
