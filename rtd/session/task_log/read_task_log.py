"""Reads the task log: for `Session.get_task_log`, and the latest events of each task."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import ConfigError
from rtd.common.units import parse_duration_s
from rtd.model.app_info import LoggedAction
from rtd.session.task_log.csv_handler import CsvHandler
from rtd.session.task_log.log_record import FIELDS, as_map
from rtd.session.task_log.schemes import find_readable_handler

#: How many events of one kind of a task the supervisor gets: conditions need the latest one, or
#: the latest within a window.
_LATEST: Final = 20
_TIMES: Final = ("start", "end", "timestamp")


def get_task_log(query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Iterate over the records of the app's first readable log, the oldest first.

    Args:
        query: see `Session.get_task_log`.

    Raises:
        ConfigError: the app has no readable log, or records have no such field.
        RtdError: the log is in Redis and no daemon answers.
    """
    handler = find_readable_handler()
    if handler is None:
        raise ConfigError(
            "get_task_log: no log of this app can be read; give the session a scheme"
            " (App(scheme='log_redis')) or the logger rtd.task a CsvHandler"
        )
    tests = [_test_of(name, value) for name, value in query.items()]
    if isinstance(handler, CsvHandler):
        rows = handler.read()
    else:
        since_at, until_at = _bounds(query.get("timestamp"))
        rows = handler.read(since_at, until_at)
    return (record for record in map(as_map, rows) if all(test(record) for test in tests))


def _test_of(name: str, value: Any) -> Callable[[Mapping[str, Any]], bool]:
    """Return a test of records for one part of a query."""
    if name not in FIELDS:
        hint = did_you_mean(name, FIELDS, f"they have {', '.join(FIELDS)}")
        raise ConfigError(f"get_task_log: records have no {name!r}{hint}")
    if isinstance(value, tuple) and len(value) == 2:
        low, high = (_read(name, bound) for bound in value)

        def within(record: Mapping[str, Any]) -> bool:
            at = record[name]
            return at is not None and (low is None or at >= low) and (high is None or at <= high)

        return within
    if isinstance(value, list | set | frozenset | tuple):
        any_of = [_read(name, one) for one in value]
        return lambda record: record[name] in any_of
    one = _read(name, value)
    return lambda record: record[name] == one


def _read(name: str, value: Any) -> Any:
    """Return a value of a query in the type that records have."""
    try:
        if name in _TIMES and isinstance(value, str):
            value = datetime.fromisoformat(value)
        if name in _TIMES and isinstance(value, datetime) and value.tzinfo is not None:
            value = value.astimezone().replace(tzinfo=None)
        if name == "runtime" and isinstance(value, str | int | float):
            value = timedelta(seconds=parse_duration_s(value))
    except ValueError as error:
        raise ConfigError(f"get_task_log: {name}: {error}") from None
    return value


def _bounds(value: Any) -> tuple[float | None, float | None]:
    """Return the bounds of a query on `timestamp`, in epoch seconds."""
    if not (isinstance(value, tuple) and len(value) == 2):
        return None, None
    low, high = (_read("timestamp", bound) for bound in value)
    return (
        low.timestamp() if isinstance(low, datetime) else None,
        high.timestamp() if isinstance(high, datetime) else None,
    )


def latest_events() -> tuple[LoggedAction, ...]:
    """Return the latest events of each kind of each task from a log in a file.

    The supervisor itself reads a log in Redis.
    """
    handler = find_readable_handler()
    if not isinstance(handler, CsvHandler):
        return ()
    latest: dict[tuple[str, str], deque[float]] = {}
    for row in handler.read():
        key = (row.task_name, row.action)
        latest.setdefault(key, deque(maxlen=_LATEST)).append(row.created)
    return tuple(
        LoggedAction(task, action, at) for (task, action), ats in latest.items() for at in ats
    )
