"""A row of the task log as a `logging.LogRecord`, and as the map that `get_task_log` gives."""

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from rtd.model.task_log_entry import FAIL, SUCCESS, LogRow

#: The logger whose handlers see every run of the app.
LOGGER: Final = "rtd.task"
#: The handlers of the session's schemes. They get all records, also where the app has configured
#: its logging since, which by default disables all loggers and may remove their handlers.
SCHEME_HANDLERS: Final[list[logging.Handler]] = []
#: The keys of each map of `get_task_log`.
FIELDS: Final = (
    "task_name", "action", "start", "end", "runtime", "exc_text", "run_id", "created", "timestamp",
    "reason",
)  # fmt: skip


def is_logged() -> bool:
    """Tell whether the app logs its runs: it has a scheme, or the logger a handler."""
    return bool(SCHEME_HANDLERS or logging.getLogger(LOGGER).handlers)


class TaskRecord(logging.LogRecord):
    """A record of the logger `rtd.task`: one action of one run.

    Attributes:
        task_name: the name of the task.
        action: `run`, `success`, `fail`, `terminate` or `inaction`.
        run_id: the id of the run.
        start: when the run began, in the host's local time; None for a run that never began.
        end: when the run ended; None for `run`.
        runtime: the time between the two.
        reason: why the run ended, one sentence; empty for a success.
        row: the entry that this record was made of.
    """

    def __init__(self, row: LogRow) -> None:
        level = logging.ERROR if row.action == FAIL else logging.INFO
        super().__init__(LOGGER, level, "", 0, _message(row), (), None)
        self.created = row.created
        self.msecs = float(int((row.created - int(row.created)) * 1000))
        self.exc_text = row.exc_text
        self.task_name = row.task_name
        self.action = row.action
        self.run_id = row.run_id
        self.start = _local(row.start_at)
        self.end = _local(row.end_at)
        self.runtime = _runtime(row)
        self.reason = row.reason
        self.row = row


def _message(row: LogRow) -> str:
    text = f"Task '{row.task_name}' status: '{row.action}'"
    # The traceback of a failure follows; a success needs no reason.
    return f"{text}: {row.reason}" if row.reason and row.action not in (FAIL, SUCCESS) else text


def _local(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at)


def _runtime(row: LogRow) -> timedelta | None:
    if row.start_at is None or row.end_at is None:
        return None
    return timedelta(seconds=row.end_at - row.start_at)


def as_map(row: LogRow) -> dict[str, Any]:
    """Return a row as `get_task_log` gives it; `start`, `end` and `timestamp` are local times."""
    return {
        "task_name": row.task_name,
        "action": row.action,
        "start": _local(row.start_at),
        "end": _local(row.end_at),
        "runtime": _runtime(row),
        "exc_text": row.exc_text,
        "run_id": row.run_id,
        "created": row.created,
        "timestamp": _local(row.created),
        "reason": row.reason,
    }
