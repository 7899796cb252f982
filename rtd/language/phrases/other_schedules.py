"""Schedules of other programs, and conditions in their place: cron lines, `crontab(...)` of Celery,
`every().day.at(...)` of schedule, `OnCalendar` of systemd, `rate(...)`, spans of time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from rtd.language.core.errors import Problem, TextPart
from rtd.language.phrases.english import condition_of
from rtd.language.time.crontab import NICKNAMES, parse_crontab

#: A longer text is no phrase.
MAX_CHARS: Final = 200
_CALL: Final = re.compile(
    r"(?:cron|crontab|cron_?trigger(?:\.from_crontab)?|from_crontab)\s*\(\s*(.*?)\s*\)",
    re.IGNORECASE,
)
_CRON: Final = re.compile(r"cron\s+(['\"])(.*)\1", re.IGNORECASE)
_WORD: Final = re.compile(r"(\w+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^,]+))")
_FIELDS: Final = (
    ("minute",),
    ("hour",),
    ("day_of_month", "day"),
    ("month_of_year", "month"),
    ("day_of_week",),
)
_CALENDAR: Final = re.compile(
    r"(?:oncalendar\s*=\s*)?(?:([a-z.,]+)\s+)?(?:(?:\*-)?\*-(\*|\d{1,2})\s+)?"
    r"(\d{1,2}:\d{2}(?::\d{2})?)",
    re.IGNORECASE,
)
_DATE_ONLY: Final = re.compile(r"(?:oncalendar\s*=\s*)(\w+)", re.IGNORECASE)
_SPAN: Final = re.compile(
    r"(?:@every|rate|interval|interval_?trigger|timedelta|datetime\.timedelta|"
    r"on(?:unitactive|unitinactive|boot|active)sec\s*=)\s*\(?\s*(.*?)\s*\)?",
    re.IGNORECASE,
)
_LIKE_CRON: Final = re.compile(r"\s*(?:[\d*@H]\S*\s+\S+\s+\S+\s+\S|cron|@)", re.IGNORECASE)
_DAILY_AFTER: Final = re.compile(r"daily after (\d\d):(\d\d)")
_SCHEDULE: Final = re.compile(
    r"(?:schedule\.)?every\(\s*(\d*)\s*\)\.(\w+)(?:\.at\(\s*['\"]([\d:]+)['\"]\s*\))?(?:\.do\(.*\))?",
    re.IGNORECASE,
)
_CYCLES: Final = ("minutely", "hourly", "daily", "weekly", "monthly")
_YEARLY: Final = frozenset({"@yearly", "@annually"})


def translate(value: Any, is_condition: Callable[[str], bool]) -> str:
    """Return a condition that means what a schedule of another program or a phrase says; empty:
    it is none that is known.

    Args:
        value: a text, a `timedelta` or seconds.
        is_condition: whether a text can be read as a condition.
    """
    if isinstance(value, timedelta):
        value = f"every {value.total_seconds():g} seconds"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        value = f"every {value:g} seconds"
    if not isinstance(value, str) or len(value) > MAX_CHARS:
        return ""
    text = " ".join(value.split())
    if is_condition(text):
        return text
    for read in (_cron_line, _call, _calendar, _span, _schedule, condition_of):
        found = read(text)
        if found and is_condition(found):
            return found
    return ""


def _cron_line(text: str, is_call: bool = False) -> str:
    """Five fields, or six as some programs have them, or a nickname."""
    if match := _CRON.fullmatch(text):
        text = match[2]
    text = NICKNAMES[text.lower()] if text.lower() in _YEARLY else text
    fields = [re.sub(r"^H\b", "0", field).replace("?", "*") for field in text.split(" ")]
    if len(fields) == 6:
        fields = fields[:5] if is_call and "?" in text else fields[1:]  # the year, or the seconds
    line = " ".join(fields)
    try:
        _, line = parse_crontab(TextPart(line))
    except Problem:
        return ""
    return f"cron {line}"


def _call(text: str) -> str:
    """`cron('...')`, and `crontab(minute=0, hour=2)` with the fields of Celery and APScheduler."""
    match = _CALL.fullmatch(text)
    if match is None:
        return ""
    inner = match[1]
    if "=" not in inner:
        return _cron_line(inner.strip("'\" "), is_call=True)
    words = _WORD.finditer(inner)
    given = {word[1].lower(): (word[2] or word[3] or word[4] or "").strip() for word in words}
    fields = []
    for names in _FIELDS:
        found = next((given.pop(name) for name in names if name in given), None)
        fields.append("*" if found is None else found.replace(" ", ""))
    if given:
        return ""
    if "trigger" in text.lower():  # of APScheduler
        if fields[0] == "*" and fields[1] != "*":
            fields[0] = "0"
        if fields[4].isdigit():  # its 0 is Monday
            fields[4] = str((int(fields[4]) + 1) % 7)
    return _cron_line(" ".join(fields))


def _calendar(text: str) -> str:
    """`*-*-* 02:00:00`, `Mon..Fri 09:00` and `OnCalendar=daily` of systemd."""
    if match := _DATE_ONLY.fullmatch(text):
        return match[1] if match[1] in _CYCLES else condition_of(match[1])
    match = _CALENDAR.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        return ""
    days, date, at = match.groups()
    at = at[:-3] if at.count(":") == 2 and at.endswith(":00") else at
    if days:
        return condition_of(f"{days.replace('..', '-')} at {at}")
    if date not in (None, "*"):
        return condition_of(f"every {int(date)}. at {at}")
    return condition_of(f"daily at {at}")


def _span(text: str) -> str:
    """`rate(5 minutes)`, `@every 5m`, `interval(minutes=5)`, `timedelta(hours=1)`."""
    match = _SPAN.fullmatch(text)
    if match is None:
        return ""
    inner = match[1]
    words = [f"{word[4].strip()} {word[1]}" for word in _WORD.finditer(inner) if word[4]]
    return f"every {' '.join(words) if words else inner}"


def _schedule(text: str) -> str:
    """`every(10).minutes`, `every().day.at("10:30")` of schedule."""
    match = _SCHEDULE.fullmatch(text)
    if match is None:
        return ""
    count, unit, at = match.groups()
    return condition_of(f"every {count} {unit}".replace("  ", " ") + (f" at {at}" if at else ""))


def explain(text: str, found: str) -> str:
    """Return a sentence about a text that `translate` has translated; empty: there is none.

    Args:
        text: as it was written.
        found: the condition.
    """
    if found.startswith("cron ") and _LIKE_CRON.match(text):
        return "a cron line follows the word `cron`"
    if match := _DAILY_AFTER.fullmatch(found):
        hour, minute = int(match[1]), int(match[2])
        return (
            f"`daily after {match[1]}:{match[2]}` starts once a day, at that time or as soon after"
            f" it as possible; `cron {minute} {hour} * * *` at that time alone"
        )
    return ""
