"""Schedules in the words of people, and conditions in their place: `every day at 02:00`."""

from __future__ import annotations

import re
from typing import Final

from rtd.language.time.moving_days import WEEKDAYS

_TIME: Final = re.compile(
    r"(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE
)
_CLOCK: Final = r"\d{1,2}(?::\d{2}){0,2}\s*(?:[ap]\.?m\.?)?|noon|midnight"
_SURE: Final = r"\d{1,2}(?::\d{2}){1,2}\s*(?:[ap]\.?m\.?)?|\d{1,2}\s*[ap]\.?m\.?|noon|midnight"
_AT: Final = re.compile(
    rf"(.*?)\s*(?:(?:\bat|@|\bfrom|\bby|\bafter)\s*(?={_CLOCK})|(?:(?<=\s)|^)(?={_SURE}))"
    rf"((?:{_CLOCK})(?:\s*(?:,|and|&)\s*(?:{_CLOCK}))*)(?!\S)\s*(.*)",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(
    rf"(.*?)\s*\b(?:from|between)\s+({_CLOCK})\s+(?:to|and|until|till|-)\s+({_CLOCK})\s*(.*)",
    re.IGNORECASE,
)
_DAY: Final = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?"
_DAYS: Final = re.compile(
    rf"(?:every|each|on|at)?\s*({_DAY}(?:\s*(?:,|and)\s*{_DAY})*)", re.IGNORECASE
)
_RANGE: Final = re.compile(
    rf"(?:every|each|on)?\s*({_DAY})\s*(?:-|\.\.|to|through)\s*({_DAY})", re.IGNORECASE
)
_MONTHLY: Final = re.compile(
    r"(?:monthly|(?:every|each) month)?\s*(?:every|each|on|at)?\s*(?:the)?\s*"
    r"(\d{1,2}(?:st|nd|rd|th|\.)|(?:first|1st|last) (?:day|" + _DAY + r"))"
    r"(?: day)?(?: (?:of|in) (?:the|every|each|a)? ?month)?",
    re.IGNORECASE,
)
_UNIT: Final = re.compile(r"(?:every|each|once (?:a|per|every|each)|per)\s+(\w+?)s?", re.IGNORECASE)
_COUNT: Final = re.compile(
    r"(?:(?:in|every|each)\s+)?(\d+(?:\.\d+)?\s*[a-z]+|other [a-z]+)", re.IGNORECASE
)
_PAST: Final = re.compile(
    r"(?:hourly|(?:every|each) hour|once (?:an|per) hour)\s*(?:at|on|after)?\s*:?(\d{1,2})"
    r"(?:\s*(?:minutes?)?\s*(?:past|after)?(?: the hour)?)?|hourly (?:at|on|after) 00:(\d\d)",
    re.IGNORECASE,
)
_TASK: Final = re.compile(
    r"(?:after|when|if|once|on)\s+['\"]?([\w./-]+)['\"]?"
    r"(?:\s+(?:has |is |was )?(\w+))?",
    re.IGNORECASE,
)
_TASK_ENDS: Final = re.compile(r"(?!has\b|task\b)([\w./-]+) (?:has |is |was )?(\w+)", re.IGNORECASE)
_STATUS: Final = {
    **dict.fromkeys(("succeeded", "succeeds", "success", "done", "completed", "completes"),
                    "succeeded"),
    **dict.fromkeys(("failed", "fails", "failure", "error"), "failed"),
    **dict.fromkeys(("finished", "finishes", "ends", "ended"), "finished"),
    **dict.fromkeys(("terminated", "killed"), "terminated"),
}  # fmt: skip
_CYCLES: Final = {"day": "daily", "week": "weekly", "month": "monthly"}
_WORDS: Final = {
    **dict.fromkeys(("midnight", "at midnight", "@midnight", "@daily", "each day"), "daily"),
    **dict.fromkeys(("noon", "at noon"), "daily after 12:00"),
    **dict.fromkeys(("nightly", "every night", "at night"), "daily after 02:00"),
    **dict.fromkeys(("every morning", "in the morning"), "daily after 08:00"),
    **dict.fromkeys(("every evening", "in the evening"), "daily after 18:00"),
    **dict.fromkeys(("yearly", "annually", "every year", "once a year"), "cron 0 0 1 1 *"),
    **dict.fromkeys(("quarterly", "every quarter", "every 3 months"), "cron 0 0 1 */3 *"),
    "twice a day": "cron 0 0,12 * * *", "twice daily": "cron 0 0,12 * * *",
    "@hourly": "hourly", "@weekly": "weekly", "@monthly": "monthly",
    "every other day": "every 2 days", "every second day": "every 2 days",
    "every other week": "every 14 days", "fortnightly": "every 14 days",
    "half-hourly": "every 30 minutes", "every half hour": "every 30 minutes",
    "continuously": "always", "forever": "always",
}  # fmt: skip
_WORKDAYS: Final = re.compile(
    r"(?:every|each|on)?\s*(?:weekdays?|work(?:ing|\s)?\s?days?|business days?)", re.IGNORECASE
)
_WEEKEND: Final = re.compile(r"(?:every|each|on|at)?\s*(?:the)?\s*weekends?", re.IGNORECASE)
_DAILY: Final = re.compile(
    r"(?:daily|every ?day|each day|nightly|every (?:night|morning|evening)|once (?:a|per) day"
    r"|every 1 days?|every 24 hours)?"
    r"(?: (?:at|on|after))?",
    re.IGNORECASE,
)
#: Behind a phrase with a span: when it holds.
_ON: Final = re.compile(
    r"(.*\S)\s+(on .*|(?:during|at) (?:the )?weekends?|mon.?-fri)", re.IGNORECASE
)


def condition_of(text: str) -> str:
    """Return what a phrase means; the caller checks that it can be read. Empty: not known."""
    text = " ".join(text.split()).lower()
    for read in (_word, _hour, _between, _timed, _days, _monthly, _span, _after):
        if found := read(text):
            return found
    return ""


def _word(text: str) -> str:
    if text in _WORDS:
        return _WORDS[text]
    if match := _UNIT.fullmatch(text):
        unit = match[1]
        return _CYCLES.get(unit) or (
            f"every 1 {unit}" if unit in ("minute", "hour", "second") else ""
        )
    return ""


def _hour(text: str) -> str:
    match = _PAST.fullmatch(text)
    return f"hourly after {int(match[1] or match[2]):02d}:00" if match else ""


def _between(text: str) -> str:
    """`every 10 minutes from 08:00 to 10:00`."""
    match = _BETWEEN.fullmatch(text)
    if match is None:
        return ""
    before, start, end, behind = match.groups()
    window = f"time of day between {_clock(start)} and {_clock(end)}"
    rest = f"{before} {behind}".strip()
    if not rest:
        return window
    if _DAILY.fullmatch(rest):
        return f"daily between {_clock(start)} and {_clock(end)}"
    first = _days(rest) or _span(rest) or _word(rest)
    return f"{first} & {window}" if first else ""


def _timed(text: str) -> str:
    """A phrase with one or more times of day."""
    match = _AT.fullmatch(text)
    if match is None:
        return ""
    times = [_clock(one) for one in re.findall(_CLOCK, match[2])]
    if not all(times) or (text == match[2] and text.isdigit()):
        return ""
    rest = f"{match[1]} {match[3]}".strip().removesuffix(" at").removesuffix(" on").strip()
    if len(times) > 1:
        return _several(times) if _DAILY.fullmatch(rest) or not rest else ""
    at = times[0]
    if _DAILY.fullmatch(rest):
        return f"daily after {at}"
    if _WORKDAYS.fullmatch(rest) or _RANGE.fullmatch(rest) or _WEEKEND.fullmatch(rest):
        return _days(rest).replace("daily", f"daily after {at}", 1)
    if found := _days(rest, f" {at}") or _monthly(rest):
        return found if found.endswith((at, ")")) else f"{found} {at}"
    first = _span(rest) or _word(rest)
    return f"{first} & time of day after {at}" if first.startswith("every") else ""


def _several(times: list[str]) -> str:
    """Several times of day: one cron line if they have one minute in common."""
    split = [one.split(":") for one in times]
    minutes = {minute for _, minute, *_ in split}
    if len(minutes) == 1:
        hours = ",".join(str(int(hour)) for hour, *_ in split)
        return f"cron {int(minutes.pop())} {hours} * * *"
    return " | ".join(f"cron {int(minute)} {int(hour)} * * *" for hour, minute, *_ in split)


def _clock(text: str) -> str:
    """Return a time of day as `HH:MM`, empty if it is none."""
    text = text.strip()
    if text in ("noon", "midnight"):
        return "12:00" if text == "noon" else "00:00"
    match = _TIME.fullmatch(text)
    if match is None:
        return ""
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    if match[4]:
        hour = hour % 12 + 12 * (match[4] == "p")
    if hour > 23 or minute > 59 or second > 59:
        return ""
    return f"{hour:02d}:{minute:02d}" + (f":{second:02d}" if second else "")


def _days(text: str, at: str = "") -> str:
    """Days of the week, and a time of these days."""
    if _WORKDAYS.fullmatch(text):
        return "daily & time of week between Monday and Friday"
    if _WEEKEND.fullmatch(text):
        return "daily & time of week between Saturday and Sunday"
    if match := _RANGE.fullmatch(text):
        return f"daily & time of week between {_day(match[1])} and {_day(match[2])}"
    match = _DAYS.fullmatch(text.removeprefix("weekly "))
    if match is None:
        return ""
    days = [_day(one) for one in re.findall(_DAY, match[1])]
    if len(days) == 1:
        return f"weekly on {days[0]}{at}"
    return "(" + " | ".join(f"weekly on {day}{at}" for day in days) + ")"


def _day(text: str) -> str:
    return next(name for name in WEEKDAYS if name.lower().startswith(text.strip()[:3]))


def _monthly(text: str) -> str:
    match = _MONTHLY.fullmatch(text)
    if match is None:
        return ""
    day = match[1]
    if day[0].isdigit() and " " not in day:
        number = int(re.match(r"\d+", day)[0])  # type: ignore[index]
        last = 0 if 10 < number < 14 else number % 10
        return f"monthly on {number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"
    number_word, name = day.split(" ")
    name = name if name == "day" else _day(name)
    if name == "day" and number_word != "last":
        return "monthly on 1st"
    return f"monthly on {number_word} {name}"


def _span(text: str) -> str:
    """`5 minutes`, `every 15 minutes on weekdays`."""
    if match := _COUNT.fullmatch(text):
        return f"every {match[1].replace('other', '2')}"
    match = _ON.fullmatch(text)
    if match is None:
        return ""
    first, days = _span(match[1]) or _word(match[1]), _days(match[2].replace("during", "on"))
    if not first or "time of week" not in days:
        return ""
    return f"{first} & {days.removeprefix('daily & ')}"


def _after(text: str) -> str:
    """`after report`, `when report fails`; `after 8am` is a time."""
    if (match := _TASK_ENDS.fullmatch(text)) and match[2] in _STATUS:
        return f"after task '{match[1]}' {_STATUS[match[2]]}"
    match = _TASK.fullmatch(text)
    if match is None or match[1] in ("task", "tasks", "any", "startup", "start", "boot"):
        return ""
    if not match[2]:
        at = _clock(match[1])
        if at:
            return f"daily after {at}"
        return f"after task '{match[1]}'" if text.startswith(("after ", "once ")) else ""
    status = _STATUS.get(match[2])
    return f"after task '{match[1]}' {status}" if status else ""
