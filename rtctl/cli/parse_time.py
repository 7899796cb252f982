"""Reads points in time as people write them on a command line."""

import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from rtctl.cli.flags import UsageError
from rtd.common.units import DurationTooLarge, parse_duration_s

_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: The year 9999 in epoch seconds; datetimes go no further.
_END_AT: Final = 253_402_300_800
_FORMS: Final = (
    "write 08:00, 'tomorrow 08:00', 'friday 22:30', '2026-01-31 08:00', +10m or @1769846400"
)


def parse_when(text: str, now: datetime | None = None) -> float:
    """Return the epoch seconds of a coming moment, in local time (in the zone of `now`, if any).

    `HH:MM` is the next such time; `today`, `tomorrow` and weekdays are midnight unless a time
    follows; ISO 8601, with its own offset if it has one; `@SECONDS`; `+90s` from now.

    Raises:
        UsageError: with the forms that are understood.
    """
    words = text.strip().lower()
    now = now or datetime.now()
    if words.startswith("@"):
        return _number(words[1:], text)
    if words.startswith("+"):
        return now.timestamp() + _duration(words[1:], text)
    if words == "now":
        return now.timestamp()
    if _CLOCK.fullmatch(words):
        moment = _at_clock(now, words, text)
        return (moment if moment > now else moment + timedelta(days=1)).timestamp()
    day, _, clock = words.partition(" ")
    if day in ("today", "tomorrow") or day in _DAYS:
        return _at_clock(_day(now, day), clock.strip() or "0:00", text).timestamp()
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)).timestamp()
    except ValueError:
        raise UsageError(f"{text!r} is no time; {_FORMS}") from None


def parse_since(text: str) -> float:
    """Return the epoch seconds of a past moment: `10m` or `-10m` ago, or as `parse_when`.

    Raises:
        UsageError: with the forms that are understood.
    """
    now = datetime.now()
    words = text.strip()
    if _CLOCK.fullmatch(words):  # before durations, which may look like a time of day
        moment = _at_clock(now, words, text)
        return (moment if moment <= now else moment - timedelta(days=1)).timestamp()
    try:
        return now.timestamp() - parse_duration_s(words.removeprefix("-"))
    except DurationTooLarge as error:
        raise UsageError(str(error)) from None
    except ValueError:
        return parse_when(text)


def parse_until(text: str, since: str | None) -> float:
    """Return the epoch seconds of the end of a span: as `parse_since`, but a time of day is the
    first one after the beginning if that is a time of day, too; else today's."""
    words, begin = text.strip(), (since or "").strip()
    if not _CLOCK.fullmatch(words):
        return parse_since(text)
    moment = _at_clock(datetime.now(), words, text)
    if _CLOCK.fullmatch(begin):
        start = datetime.fromtimestamp(parse_since(begin))
        moment = _at_clock(start, words, text)
        if moment <= start:
            moment += timedelta(days=1)
    return moment.timestamp()


def parse_span(
    verb: str, since: str | None, until: str | None
) -> tuple[float | None, float | None]:
    """Return both ends of a span of the past; None for one that is not given.

    Raises:
        UsageError: with the forms that are understood, or that the span is empty.
    """
    since_at = until_at = None
    if since is not None:
        since_at = parse_flag(verb, "--since", since, parse_since)
        if since_at > datetime.now().timestamp():
            raise UsageError(f"{verb}: --since {since} is in the future: there is nothing yet")
    if until is not None:
        until_at = parse_flag(verb, "--until", until, lambda text: parse_until(text, since))
    if since_at is not None and until_at is not None and until_at < since_at:
        raise UsageError(f"{verb}: --until {until} is before --since {since}")
    return since_at, until_at


def parse_flag(verb: str, flag: str, text: str, parse: Callable[[str], float]) -> float:
    """Return the time that a flag has.

    Raises:
        UsageError: with the name of the flag.
    """
    try:
        return parse(text)
    except UsageError as error:
        raise UsageError(f"{verb}: {flag}: {error.sentence}") from None


def _day(now: datetime, name: str) -> datetime:
    if name == "today":
        return now
    if name == "tomorrow":
        return now + timedelta(days=1)
    ahead = (_DAYS.index(name) - now.weekday()) % 7
    return now + timedelta(days=ahead or 7)


def _at_clock(day: datetime, clock: str, text: str) -> datetime:
    match = _CLOCK.fullmatch(clock)
    try:
        if match is None:
            raise ValueError
        hour, minute, second = (int(part or 0) for part in match.groups())
        return day.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError:
        raise UsageError(f"{text!r} is no time; {_FORMS}") from None


def _number(digits: str, text: str) -> float:
    try:
        seconds = float(digits)
    except ValueError:
        seconds = math.nan
    if abs(seconds) >= _END_AT:
        raise UsageError(f"{text!r:.60} is too far away: times end with the year 9999")
    if math.isnan(seconds):
        raise UsageError(f"{text!r} is no time; {_FORMS}")
    return seconds


def _duration(words: str, text: str) -> float:
    try:
        return parse_duration_s(words)
    except DurationTooLarge as error:
        raise UsageError(str(error)) from None
    except ValueError:
        raise UsageError(f"{text!r} is no time; {_FORMS}") from None
