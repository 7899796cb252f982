"""The conditions of the measured tasks: a mix, none of them true during the measurement.

rtd and rocketry read the same texts. APScheduler has no conditions: it gets the crontab of the
nearest start.
"""

from __future__ import annotations

import time

FIRST = "first"
"""The task that others follow. Nothing starts it while the tasks must be idle."""
SPREAD_S = 8.0
"""The period of the first of the tasks that come due within one second."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_KINDS = 5


def idle(number: int, now: float) -> str:
    """Return the condition of the task of this number: false for the hour from `now`, epoch
    seconds."""
    hour, minute, day = _far(number, now)
    return (
        f"daily between {hour:02}:{minute:02} and {hour:02}:59",
        f"weekly on {_DAYS[day]}",
        f"time of day between {hour:02}:{minute:02} and {hour:02}:59 & daily",
        f"after task '{FIRST}'",
        f"daily after 00:00 & after task '{FIRST}' failed",
    )[number % _KINDS]


def crontab(number: int, now: float) -> str:
    """Return the crontab of the start of the window of `idle`; daily for the last two kinds."""
    hour, minute, day = _far(number, now)
    if number % _KINDS == 1:
        return f"0 0 * * {_DAYS[day][:3].lower()}"
    return f"{minute} {hour} * * *"


def spread(number: int) -> str:
    """Return a condition that is true from its period on: each has a millisecond more."""
    return f"every {SPREAD_S + number / 1000:.3f} seconds"


def due(at: float) -> str:
    """Return a condition that becomes true at that whole second, epoch, of this day (UTC)."""
    return f"daily after {time.strftime('%H:%M:%S', time.gmtime(at))}"


def due_soon(ahead_s: float) -> float:
    """Return a whole second so far ahead; wait first if midnight is in between."""
    at = float(int(time.time() + ahead_s) + 1)
    if time.gmtime(at + 60).tm_yday != time.gmtime().tm_yday:
        time.sleep(ahead_s + 62)
        return due_soon(ahead_s)
    return at


def _far(number: int, now: float) -> tuple[int, int, int]:
    """Return an hour, a minute and a weekday that do not occur within two hours."""
    here = time.gmtime(now)
    # All minutes but the last, which would make an empty window.
    return (here.tm_hour + 3 + number % 19) % 24, number % 59, (here.tm_wday + 2 + number % 5) % 7
