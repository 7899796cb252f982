"""The schedules of redis-tasks as conditions, and its decorator: `crontab`, `once_per_day`,
`run_every` and `redis_task`. Users import them from `rtd`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from rtd.common.errors import PolicyError
from rtd.language.core.condition import Condition, any_of
from rtd.language.core.durations import format_span
from rtd.language.parser import parse
from rtd.language.time_conditions import cron, every, time_of_day
from rtd.session.tasks.func_task import FuncTask

__all__ = ["crontab", "once_per_day", "redis_task", "run_every"]

_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_DAY_MINUTES: Final = 24 * 60
_MICROS: Final = 1_000_000


def crontab(line: str) -> Condition:
    """Return the condition `cron LINE`: once in each minute that the five fields name."""
    return cron(line)


def once_per_day(time: str) -> Condition:
    """Return the condition that is true once a day, at a time such as `12:00`."""
    hour, minute = divmod(_minutes(time, "once_per_day"), 60)
    return cron(f"{minute} {hour} * * *")


def run_every(
    *, hours: float = 0, minutes: float = 0, seconds: float = 0, start_at: str | int | None = None
) -> Condition:
    """Return a condition that is true again and again.

    Args:
        hours, minutes, seconds: the interval, together.
        start_at: the time of each day at which the first interval begins (`05:00`, or seconds
            since midnight): the task starts then and after each interval until midnight. None:
            it starts when its last start is an interval ago.

    Raises:
        PolicyError: an interval of nothing or of more than a day, or no time of a day.
    """
    try:
        interval_s = hours * 3600 + minutes * 60 + seconds
    except TypeError:
        raise PolicyError("run_every: hours, minutes and seconds are numbers") from None
    if not 0 < interval_s <= 86400:
        raise PolicyError(f"run_every: {interval_s:g} s is not from 1 s to 1 day; use crontab")
    span = every(format_span(round(interval_s * _MICROS)))
    if start_at is None:
        return span
    start = _minutes(start_at, "run_every: start_at")
    if interval_s % 60:  # conditions have no grid of seconds
        return parse(f"{span} & {time_of_day.after(f'{start // 60:02}:{start % 60:02}')}")
    return _grid(range(start, _DAY_MINUTES, int(interval_s // 60)))


def redis_task(reentrant: Any = False, timeout: Any = None) -> Any:
    """Decorator: declare a function as a task of the default session; it stays a function.

    Args:
        reentrant: a run whose executor ends goes back to its queue (`on_lost="requeue"`).
        timeout: of each attempt; seconds or text.
    """
    if callable(reentrant):  # without brackets
        return FuncTask()(reentrant)
    if not isinstance(reentrant, bool):
        raise PolicyError(f"redis_task: reentrant: {reentrant!r:.80} is neither True nor False")
    declare: Callable[..., Any]
    declare = FuncTask(timeout=timeout, on_lost="requeue" if reentrant else "fail")
    return declare


def _minutes(time: Any, where: str) -> int:
    """Return the minutes from midnight to a time of day."""
    if isinstance(time, int | float) and not isinstance(time, bool):
        if 0 <= time < 86400 and not time % 60:
            return int(time // 60)
    elif isinstance(time, str) and (match := _TIME.fullmatch(time.strip())):
        hour, minute = int(match[1]), int(match[2])
        if hour < 24 and minute < 60:
            return hour * 60 + minute
    raise PolicyError(f"{where}: {time!r:.80} is no time of day; write '05:00'")


def _grid(times: range) -> Condition:
    """Return the condition of these minutes of a day: of as few crontab lines as possible."""
    hours_of = defaultdict(list)
    for at in times:
        hours_of[at % 60].append(at // 60)
    minutes_of = defaultdict(list)
    for minute, hours in sorted(hours_of.items()):
        minutes_of[tuple(hours)].append(minute)
    lines = [
        cron(f"{_field(minutes, 60)} {_field(hours, 24)} * * *")
        for hours, minutes in minutes_of.items()
    ]
    return lines[0] if not lines[1:] else any_of(lines)


def _field(numbers: Any, full: int) -> str:
    """Return a field of a crontab line: `*`, `*/5` or a list."""
    step = full // len(numbers)
    if list(numbers) == list(range(0, full, step)) and len(numbers) > 1:
        return "*" if step == 1 else f"*/{step}"
    return ",".join(map(str, numbers))
