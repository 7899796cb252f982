"""Reading the task log: `Session.get_task_log`, and what tasks did last by it."""

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

#: Events of one kind of one task that the supervisor is told of: conditions ask for the latest
#: one, or the latest within a window.
_LATEST: Final = 20
_TIMES: Final = ("start", "end", "timestamp")


def get_task_log(query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The records of the app's first readable log, the oldest first.

    Args:
        query: see `Session.get_task_log`.

    Raises:
        ConfigError: no log of the app's can be read, or the query names what no record has.
        RtdError: the log is in Redis and no daemon answers.
    """
    handler = find_readable_handler()
    if handler is None:
        raise ConfigError(
            "get_task_log: no log of this app can be read; give the session a scheme"
            " (Session(scheme='log_redis')) or the logger rtd.task a CsvHandler"
        )
    wanted = [_test_of(name, value) for name, value in query.items()]
    if isinstance(handler, CsvHandler):
        rows = handler.read()
    else:
        since_at, until_at = _bounds(query.get("timestamp"))
        rows = handler.read(since_at, until_at)
    return (found for found in map(as_map, rows) if all(test(found) for test in wanted))


def _test_of(name: str, value: Any) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a record is what one part of a query asks for."""
    if name not in FIELDS:
        hint = did_you_mean(name, FIELDS, f"they have {', '.join(FIELDS)}")
        raise ConfigError(f"get_task_log: records have no {name!r}{hint}")
    if isinstance(value, tuple) and len(value) == 2:
        low, high = (_read(name, bound) for bound in value)

        def within(found: Mapping[str, Any]) -> bool:
            at = found[name]
            return at is not None and (low is None or at >= low) and (high is None or at <= high)

        return within
    if isinstance(value, list | set | frozenset | tuple):
        any_of = [_read(name, one) for one in value]
        return lambda found: found[name] in any_of
    one = _read(name, value)
    return lambda found: found[name] == one


def _read(name: str, value: Any) -> Any:
    """A value of a query as records have it."""
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
    """The time that a query on `timestamp` asks for, in epoch seconds."""
    if not (isinstance(value, tuple) and len(value) == 2):
        return None, None
    low, high = (_read("timestamp", bound) for bound in value)
    return (
        low.timestamp() if isinstance(low, datetime) else None,
        high.timestamp() if isinstance(high, datetime) else None,
    )


def latest_events() -> tuple[LoggedAction, ...]:
    """The latest events of each kind of each task, by a log in a file. One in Redis is read by
    the supervisor."""
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
