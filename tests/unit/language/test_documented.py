"""B1: every condition string that Red Engine's documentation and the seeds show."""

from typing import Any

import pytest

from rtd.conditions import parse
from tests.unit.language.support import at, holds

OK = [("run", "08:00"), ("success", "08:10")]
BAD = [("run", "08:00"), ("fail", "08:10")]
CUT = [("run", "08:00"), ("terminate", "08:10")]
GOING = [("run", "08:00")]

#: condition, a moment when it holds, one when it does not: (now, my log, the log of x)
DOCUMENTED: list[tuple[str, Any, Any]] = [
    ("always true", ("09:00",), None),
    ("always false", None, ("09:00",)),
    ("true", ("09:00",), None),
    ("false", None, ("09:00",)),
    ("minutely", ("08:11", OK), ("08:10:30", OK)),
    ("hourly", ("09:00", OK), ("08:59", OK)),
    ("daily", ("2024-01-16", OK), ("23:59", OK)),
    ("weekly", ("2024-01-22", OK), ("2024-01-21 23:59", OK)),
    ("monthly", ("2024-02-01", OK), ("2024-01-31", OK)),
    ("daily after 08:00", ("08:00",), ("07:59",)),
    ("daily before 10:00", ("09:59",), ("10:00",)),
    ("daily between 10:00 and 14:00", ("10:00",), ("14:00",)),
    ("daily between 08:00 and 08:15 | daily between 22:00 and 22:15", ("22:00", OK), ("21:00",)),
    (
        "daily between 09:00 and 10:00 & time of week between Monday and Friday",
        ("2024-01-19 09:30",),
        ("2024-01-20 09:30",),
    ),
    ("daily between 22:00 and 23:00", ("22:30",), ("21:59",)),
    ("daily starting 10:00", ("10:00", OK), ("09:00", OK)),
    ("weekly on Monday", ("09:00",), ("2024-01-16",)),
    ("weekly before Friday", ("2024-01-19",), ("2024-01-20",)),
    ("weekly after Monday", ("2024-01-21",), ("09:00", OK)),
    ("monthly starting 3rd", ("2024-02-03", OK), ("2024-02-02", OK)),
    ("monthly after 5th", ("2024-01-05",), ("2024-01-04 23:59",)),
    ("hourly before 45:00", ("09:44:59",), ("09:45",)),
    ("every 10 minutes", ("08:11", OK), ("08:09", OK)),
    ("every 1 hour", ("09:01", OK), ("09:00", OK)),
    ("every 30 sec", ("08:01", OK), ("08:00:29", GOING)),
    ("every 1 hour, 30 min", ("09:31", OK), ("09:29", OK)),
    ("every 2 hours, 30 minutes", ("10:31", OK), ("10:29", OK)),
    ("every 1 day, 12 hour, 30 min, 20 sec", ("2024-01-16 20:31", OK), ("2024-01-16 20:30", OK)),
    ("time of minute before 30", ("09:00:29",), ("09:00:30",)),
    ("time of hour before 45:00", ("09:44",), ("09:45",)),
    ("time of day between 10:00 and 12:00", ("10:00",), ("12:00",)),
    ("time of day between 10:00 and 16:00", ("15:59",), ("16:00",)),
    ("time of day between 16:00 and 20:00", ("16:00",), ("15:59",)),
    ("time of day after 10:00", ("10:00",), ("09:59",)),
    ("time of week between Monday and Friday", ("2024-01-19 23:59",), ("2024-01-20",)),
    ("time of week after Monday", ("09:00",), None),
    ("time of month after 5th", ("2024-01-05",), ("2024-01-04",)),
    ("after task 'x'", ("09:00", [], OK), ("09:00", [], BAD)),
    ("after task 'x' succeeded", ("09:00", [], OK), ("09:00", [("run", "08:10")], OK)),
    ("after task 'x' failed", ("09:00", [], BAD), ("09:00", [], OK)),
    ("after task 'x' terminated", ("09:00", [], CUT), ("09:00", [], OK)),
    ("after task 'x' unsuccessful", ("09:00", [], CUT), ("09:00", [], OK)),
    ("after any tasks 'x', 'y' unsuccessful", ("09:00", [], BAD), ("09:00", [], OK)),
    ("after task 'x' finished", ("09:00", [], CUT), ("09:00", [], GOING)),
    ("after tasks 'x', 'me'", None, ("09:00", [], OK)),
    ("after tasks 'x', 'x' finished", ("09:00", [], BAD), ("09:00", [], GOING)),
    ("after any tasks 'x', 'y'", ("09:00", [], OK), ("09:00", [], BAD)),
    ("after any tasks 'x', 'y' failed", ("09:00", [], BAD), ("09:00", [], OK)),
    ("after any tasks 'x', 'y' finished", ("09:00", [], CUT), ("09:00", [], GOING)),
    ("(daily | after task 'x') & ~time of day after 10:00", ("09:00",), ("10:00",)),
    ("task 'x' is running", ("09:00", [], GOING), ("09:00", [], OK)),
    ("while task 'x' is running", ("09:00", [], GOING), ("09:00", [], OK)),
    ("has succeeded this hour", ("08:30", OK), ("09:00", OK)),
    ("has succeeded this minute", ("08:10:59", OK), ("08:11", OK)),
    ("has failed today between 08:00 and 16:00", ("15:00", BAD), ("15:00", OK)),
    ("has started this week before Friday", ("2024-01-20", OK), ("2024-01-22", OK)),
    ("has terminated this month after 6th", ("2024-01-20", CUT), ("2024-01-20", OK)),
    ("has succeeded past 2 hours, 30 minutes", ("10:40", OK), ("10:41", OK)),
    ("has started past 2 hours", ("10:00", OK), ("10:01", OK)),
    ("has finished in past 1 hour", ("09:10", BAD), ("09:11", BAD)),
    ("has finished today", ("09:00", CUT), ("09:00", GOING)),
    ("has inacted", ("09:00", [("inaction", "08:00")]), ("09:00", OK)),
    ("task 'x' has failed", ("09:00", [], BAD), ("09:00", BAD, OK)),
    ("task 'x' has succeeded", ("09:00", [], OK), ("09:00", OK, BAD)),
    ("task 'x' has terminated", ("09:00", [], CUT), ("09:00", [], OK)),
    ("task 'x' has been unsuccessful", ("09:00", [], CUT), ("09:00", [], OK)),
    ("has been unsuccessful today", ("09:00", BAD), ("09:00", OK)),
    ("task 'x' has failed today between 08:00 and 12:00", ("13:00", [], BAD), ("13:00", [], OK)),
    ("task 'x' has started this hour", ("08:30", [], OK), ("09:00", [], OK)),
    ("scheduler started 10 minutes ago", ("07:10",), ("07:11",)),
    ("scheduler has run over 1 hour", ("08:01",), ("08:00",)),
    ("scheduler has more than 3 cycles", ("09:00",), None),
    ("scheduler has less than 3 cycles", None, ("09:00",)),
    ("cron * * * * *", ("09:00", OK), ("08:00:30", OK)),
    ("cron 0 8 * * 1-5", ("08:00",), ("08:01",)),
]  # fmt: skip

MORE = {"scheduler_started": at("07:00"), "scheduler_cycles": 4}


@pytest.mark.parametrize(("text", "yes", "no"), DOCUMENTED, ids=[row[0] for row in DOCUMENTED])
def test_b1_documented_conditions_mean_what_they_say(text: str, yes: Any, no: Any) -> None:
    condition = parse(text)
    assert parse(str(condition)) == condition
    for case, value in ((yes, True), (no, False)):
        if case is not None:
            now, mine, others = (*case, [], [])[:3]
            assert holds(text, now, mine, {"x": others}, **MORE) is value
            if value is True and len(case) == 1:
                assert holds(text, now, [], {}, **MORE)


@pytest.mark.parametrize("cycle", ["minutely", "hourly", "daily", "weekly", "monthly"])
@pytest.mark.parametrize("limit", ["", "before", "after", "between", "on", "starting"])
def test_b1_every_cycle_takes_every_limit(cycle: str, limit: str) -> None:
    first, last = {
        "minutely": ("15", "45"),
        "hourly": ("15:00", "45:00"),
        "daily": ("08:00", "2 PM"),
        "weekly": ("Tue", "Friday 17:00"),
        "monthly": ("5th", "13. 12:00"),
    }[cycle]
    ends = {"": "", "between": f" between {first} and {last}"}.get(limit, f" {limit} {first}")
    condition = parse(cycle + ends)
    assert parse(str(condition)) == condition


TIMES = [
    "", " past 1 hour", " in past 90 s", " this minute after 15", " this hour before 45:00",
    " today on 08:00", " this week between Mon and Fri", " this month starting 5th",
]  # fmt: skip


@pytest.mark.parametrize("who", ["", "task 'x' "])
@pytest.mark.parametrize(
    "status",
    ["succeeded", "failed", "terminated", "been unsuccessful", "started", "finished", "inacted"],
)
@pytest.mark.parametrize("time", TIMES)
def test_b1_every_status_takes_every_time(who: str, status: str, time: str) -> None:
    condition = parse(f"{who}has {status}{time}")
    assert parse(str(condition)) == condition
