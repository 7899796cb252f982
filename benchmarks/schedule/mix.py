"""The conditions of the measured tasks: a mix of which none comes true while it is measured.

The texts are read by rtd and by rocketry alike. APScheduler knows no conditions: it gets the
crontab of the nearest start.
"""

from __future__ import annotations

import time

FIRST = "first"
"""The task that others come after. Nobody starts it where tasks shall be idle."""
SPREAD_S = 8.0
"""The period of the tasks that come due in the course of a second, of the first of them."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_KINDS = 5


def idle(number: int, now: float) -> str:
    """The condition of the task of this number: false for the hour from `now`, epoch seconds."""
    hour, minute, day = _far(number, now)
    return (
        f"daily between {hour:02}:{minute:02} and {hour:02}:59",
        f"weekly on {_DAYS[day]}",
        f"time of day between {hour:02}:{minute:02} and {hour:02}:59 & daily",
        f"after task '{FIRST}'",
        f"daily after 00:00 & after task '{FIRST}' failed",
    )[number % _KINDS]


def crontab(number: int, now: float) -> str:
    """The crontab that starts when the window of `idle` opens; for the last two kinds daily."""
    hour, minute, day = _far(number, now)
    if number % _KINDS == 1:
        return f"0 0 * * {_DAYS[day][:3].lower()}"
    return f"{minute} {hour} * * *"


def spread(number: int) -> str:
    """A condition that is true from its period on: each has a thousandth of a second more."""
    return f"every {SPREAD_S + number / 1000:.3f} seconds"


def due(at: float) -> str:
    """A condition that comes true at that whole second, epoch, of this day (UTC)."""
    return f"daily after {time.strftime('%H:%M:%S', time.gmtime(at))}"


def due_soon(ahead_s: float) -> float:
    """A whole second so far ahead; waits where midnight would come between."""
    at = float(int(time.time() + ahead_s) + 1)
    if time.gmtime(at + 60).tm_yday != time.gmtime().tm_yday:
        time.sleep(ahead_s + 62)
        return due_soon(ahead_s)
    return at


def _far(number: int, now: float) -> tuple[int, int, int]:
    """An hour, a minute and a weekday that do not come within two hours."""
    here = time.gmtime(now)
    # All minutes but the last, which would make an empty window.
    return (here.tm_hour + 3 + number % 19) % 24, number % 59, (here.tm_wday + 2 + number % 5) % 7
