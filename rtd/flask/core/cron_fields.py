"""The times of `define_cron_task` and `define_date_task`, as conditions of rtd."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rtd.common.errors import PolicyError
from rtd.common.text_of import show_value
from rtd.session.tasks.define_task import TASK_OPTIONS

#: From the coarsest to the finest; each with its value where a coarser one was given last.
_FIELDS: Final = {
    "year": "*", "month": "1", "day": "1", "week": "*", "day_of_week": "*",
    "hour": "0", "minute": "0", "second": "0",
}  # fmt: skip
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NTH: Final = {"1st": "1", "2nd": "2", "3rd": "3", "4th": "4", "5th": "5"}
_MOVING: Final = re.compile(r"(1st|2nd|3rd|4th|5th|last)\s+(mon|tue|wed|thu|fri|sat|sun)")
_PIECE: Final = re.compile(r"(\*|(\w+)(?:-(\w+))?)(?:/(\d+))?")
_ALL: Final = "*"
_REFUSED: Final = {
    "start_date": "start the daemon with it, or use start_cond",
    "end_date": "remove the task then, or use start_cond",
    "jitter": "rtd starts tasks in order; use priority",
}
#: Other words for a field.
_WORDS: Final = {
    "weekday": "day_of_week", "weekdays": "day_of_week", "dow": "day_of_week",
    "days_of_week": "day_of_week", "day_of_month": "day", "month_of_year": "month", "min": "minute",
}  # fmt: skip
_YEAR: Final = timedelta(days=365)


def refuse_times(times: Sequence[Any]) -> None:
    """Raise PolicyError for what `define_cron_task` gets without a name."""
    if not times:
        return
    hint = "say when, by fields: @task_worker.define_cron_task(hour=8)"
    if isinstance(times[0], str):
        hint += f"; a line of crontab is define_task(start_cond='cron {times[0]}')"
    raise PolicyError(f"define_cron_task takes no {show_value(times[0])}: {hint}")


def _refuse_words(options: Iterable[str], where: str) -> None:
    """Raise PolicyError for an option that is meant as a field."""
    for name in options:
        if name in TASK_OPTIONS:
            continue
        field = _WORDS.get(name) or name.removesuffix("s")
        near = [field] if field in _FIELDS else get_close_matches(name, _FIELDS, 1, 0.75)
        if near:
            raise PolicyError(f"{where}: {name} is no field: say {near[0]}=")


def cron_condition(fields: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the condition of a cron task, and the options that are no fields.

    Raises:
        PolicyError: a field that a line to the minute cannot say.
    """
    where = "define_cron_task"
    for name, instead in _REFUSED.items():
        if fields.get(name) is not None:
            raise PolicyError(f"{where}: {name} is not known: {instead}")
    given = {n: str(fields[n]).strip().lower() for n in _FIELDS if fields.get(n) is not None}
    options = {n: v for n, v in fields.items() if n not in _FIELDS and n not in _REFUSED}
    _refuse_words(options, where)
    if "start_cond" in options:
        raise PolicyError(f"{where}: the fields are its start_cond; use define_task for another")
    if not given:
        raise PolicyError(f"{where}: say when: hour=8, day_of_week='mon-fri'")
    finest = max(list(_FIELDS).index(name) for name in given)
    values = {
        name: given.get(name, _ALL if at < finest else least)
        for at, (name, least) in enumerate(_FIELDS.items())
    }
    for name, allowed in (("year", _ALL), ("week", _ALL), ("second", "0")):
        if values[name] != allowed:
            raise PolicyError(f"{where}: {name}={given[name]!r}: only {allowed!r} is known here")
    days, moving = _days(values["day"])
    weekdays = _weekdays(values["day_of_week"], where)
    if weekdays != _ALL and (days != _ALL or moving):
        raise PolicyError(
            f"{where}: day and day_of_week together mean days that fit both, which rtd cannot say;"
            " use day='3rd fri', or start_cond"
        )
    if moving:
        weekdays = ",".join(moving)
    line = (values["minute"], values["hour"], days, values["month"], weekdays)
    return f"cron {' '.join(part.replace(' ', '') for part in line)}", options


def _days(text: str) -> tuple[str, list[str]]:
    """Return the field of the days of a month, and the weekdays with a number in it."""
    fixed, moving = [], []
    for piece in (part.strip() for part in text.split(",")):
        match = _MOVING.fullmatch(piece)
        if match is not None:
            moving.append(f"{match[2]}L" if match[1] == "last" else f"{match[2]}#{_NTH[match[1]]}")
        else:
            fixed.append("L" if piece == "last" else piece)
    return ",".join(fixed) or _ALL, moving


def _weekdays(text: str, where: str) -> str:
    """Return the weekdays by their names: 0 is Monday here, and Sunday in a cron line."""
    if text == _ALL:
        return _ALL
    found: set[int] = set()
    for piece in (part.strip() for part in text.split(",")):
        match = _PIECE.fullmatch(piece)
        if match is None:
            raise PolicyError(f"{where}: day_of_week={text!r}: {piece!r} is no weekday")
        step = int(match[4] or 1)
        first = 0 if match[1] == _ALL else _weekday(match[2], where)
        last = 6 if match[1] == _ALL else _weekday(match[3] or match[2], where)
        if last < first or step < 1:
            raise PolicyError(f"{where}: day_of_week={text!r}: {piece!r} ends before it begins")
        found.update(range(first, last + 1, step))
    return ",".join(_WEEKDAYS[day] for day in sorted(found))


def _weekday(text: str, where: str) -> int:
    if text in _WEEKDAYS:
        return _WEEKDAYS.index(text)
    if text.isdigit() and int(text) <= 6:
        return int(text)
    raise PolicyError(f"{where}: day_of_week: {text!r} is none of 0 (Monday) to 6, mon to sun")


def date_condition(run_date: Any, timezone: str | None) -> tuple[str | None, dict[str, Any]]:
    """Return the condition of a task that starts once, and its time zone as an option.

    The condition is None when the time has passed.
    """
    where = "define_date_task"
    when = _read_date(run_date, where)
    try:
        zone = ZoneInfo(timezone) if timezone is not None else when.tzinfo
    except (ZoneInfoNotFoundError, ValueError):
        raise PolicyError(f"{where}: there is no time zone {timezone!r}") from None
    if timezone is not None and when.tzinfo is not None:
        when = when.astimezone(zone)
    elif when.tzinfo is not None and not isinstance(when.tzinfo, ZoneInfo):
        when, zone = when.astimezone(ZoneInfo("UTC")), ZoneInfo("UTC")
    when = when.replace(tzinfo=None)
    if when.second or when.microsecond:
        when = when.replace(second=0, microsecond=0) + timedelta(minutes=1)
    now = datetime.now(zone).replace(tzinfo=None)
    name = getattr(zone, "key", None)
    option = {} if name is None else {"timezone": name}
    if when + timedelta(minutes=1) <= now:
        return None, option
    if when - now > _YEAR:
        raise PolicyError(f"{where}: {run_date} is more than a year ahead; declare the task later")
    return f"cron {when.minute} {when.hour} {when.day} {when.month} *", option


def _read_date(value: Any, where: str) -> datetime:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise PolicyError(f"{where}: run_date: {error}") from None
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    raise PolicyError(f"{where}: run_date: {value!r:.80} is no time; write '2026-01-31 08:00'")


def given_parameters(
    function: Callable[..., Any], args: Any, kwargs: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the option `parameters` for what a function is to get. Raises PolicyError."""
    if not args and not kwargs:
        return {}
    try:
        bound = inspect.signature(function).bind(*args, **(kwargs or {}))
    except TypeError as error:
        raise PolicyError(f"args and kwargs do not fit {function!r:.80}: {error}") from None
    found: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            found.update(value)
        elif kind is inspect.Parameter.VAR_POSITIONAL:
            raise PolicyError(f"args: {function!r:.80} has *{name}; a task gets values by name")
        else:
            found[name] = value
    return {"parameters": found}
