"""The task log in Redis: permanent (`log_redis`), or while the daemon runs (`log_memory`)."""

import logging
from collections.abc import Callable, Iterator
from typing import Final, Literal

from rtd.model.task_log_entry import LogRow
from rtd.session.task_log.log_record import TaskRecord

#: Where records are stored.
LogStore = Literal["redis", "memory"]
#: Reads rows, the oldest first: where, since and until in epoch seconds (None: no bound).
LogReader = Callable[[LogStore, float | None, float | None], Iterator[LogRow]]
#: Rows in one request to the daemon.
_PAGE: Final = 5000
#: Characters of a traceback that are stored, from its end.
_EXC_CHARS: Final = 4000


class StoreHandler(logging.Handler):
    """Stores each record of `rtd.task` where every process of the app can read it.

    The process that writes the log stores the rows of `pending`; other processes store nothing.

    Args:
        where: `redis`: the last 1,000,000 records; `memory`: the last 100,000 since the daemon
            was started.
    """

    def __init__(self, where: LogStore) -> None:
        super().__init__()
        self.where: LogStore = where
        self._rows: list[tuple[float, bytes]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Raises nothing."""
        if isinstance(record, TaskRecord):
            row = record.row
            if row.exc_text and len(row.exc_text) > _EXC_CHARS:
                row = row._replace(exc_text=row.exc_text[-_EXC_CHARS:])
            self._rows.append((row.created, row.pack()))

    def pending(self) -> list[tuple[float, bytes]]:
        """Return the rows to store: moments and packed rows."""
        return self._rows

    def clear(self) -> None:
        """Drop the rows, which are stored now."""
        self._rows = []

    def read(
        self, since_at: float | None = None, until_at: float | None = None
    ) -> Iterator[LogRow]:
        """Iterate over the stored rows of a time, the oldest first.

        Args:
            since_at, until_at: in epoch seconds; None: no bound.

        Raises:
            RtdError: no daemon runs.
        """
        read = LOG_READER.reader or _read_from_daemon
        return read(self.where, since_at, until_at)


class RedisHandler(StoreHandler):
    """Stores the last 1,000,000 records in Redis."""

    def __init__(self) -> None:
        super().__init__("redis")


class MemoryHandler(StoreHandler):
    """Stores the last 100,000 records while the daemon runs."""

    def __init__(self) -> None:
        super().__init__("memory")


class _LogReaderSlot:
    """How this process reads stored rows. `reader` None: from the daemon."""

    reader: LogReader | None = None


LOG_READER = _LogReaderSlot()


def _read_from_daemon(
    _where: LogStore, since_at: float | None, until_at: float | None
) -> Iterator[LogRow]:
    """Read rows in a program that is no process of the daemon."""
    from rtctl import Client  # lazy: only for an app that is used as a library

    newest: list[LogRow] = []
    with Client() as client:
        while True:
            answer = client.rpc.task_log(since=since_at, skip=len(newest), limit=_PAGE)
            newest += [LogRow.from_map(row) for row in answer["rows"]]
            if len(answer["rows"]) < _PAGE:
                break
    return (row for row in reversed(newest) if until_at is None or row.created <= until_at)
