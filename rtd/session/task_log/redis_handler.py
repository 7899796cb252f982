"""The task log in Redis: for good (`log_redis`), or while the daemon runs (`log_memory`)."""

import logging
from collections.abc import Callable, Iterator
from typing import Final, Literal

from rtd.model.task_log_entry import LogRow
from rtd.session.task_log.log_record import TaskRecord

#: Where records are kept.
LogStore = Literal["redis", "memory"]
#: Reads rows, the oldest first: where, since and until in epoch seconds (None: no bound).
LogReader = Callable[[LogStore, float | None, float | None], Iterator[LogRow]]
#: Rows that the daemon is asked for at once.
_PAGE: Final = 5000
#: So much of a traceback is kept: its end.
_EXC_CHARS: Final = 4000


class StoreHandler(logging.Handler):
    """Keeps each record of `rtd.task` where every process of the app can read it.

    The process that writes the log hands on what `pending` gives; anywhere else nothing is kept.

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
        """What is to be kept: moments and packed rows."""
        return self._rows

    def clear(self) -> None:
        """It is kept."""
        self._rows = []

    def read(
        self, since_at: float | None = None, until_at: float | None = None
    ) -> Iterator[LogRow]:
        """What is kept of that time, the oldest first.

        Raises:
            RtdError: nobody can be asked: no daemon runs.
        """
        read = LOG_READER.reader or _ask_daemon
        return read(self.where, since_at, until_at)


class RedisHandler(StoreHandler):
    """Keeps the records in Redis, the last 1,000,000."""

    def __init__(self) -> None:
        super().__init__("redis")


class MemoryHandler(StoreHandler):
    """Keeps the records while the daemon runs, the last 100,000."""

    def __init__(self) -> None:
        super().__init__("memory")


class _LogReaderSlot:
    """How this process reads what is kept; None: it asks the daemon."""

    reader: LogReader | None = None


LOG_READER = _LogReaderSlot()


def _ask_daemon(
    _where: LogStore, since_at: float | None, until_at: float | None
) -> Iterator[LogRow]:
    """In a program beside the daemon, which has the app's log."""
    from rtctl import Client  # lazy: only where the app is used as a library

    newest: list[LogRow] = []
    with Client() as client:
        while True:
            answer = client.rpc.task_log(since=since_at, skip=len(newest), limit=_PAGE)
            newest += [LogRow.from_map(found) for found in answer["rows"]]
            if len(answer["rows"]) < _PAGE:
                break
    return (row for row in reversed(newest) if until_at is None or row.created <= until_at)
