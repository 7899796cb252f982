"""Random conditions and random pasts, for the property tests."""

import os
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from rtd.conditions import ACTIONS, Condition, Host, Sample, View, World, all_of, any_of, parse
from rtd.language.text.quoted_names import quote
from rtd.language.time.points_in_cycle import WEEKDAYS, Cycle, ordinal

#: The same examples every time where CI says so, new ones on a developer's machine.
BUDGET = settings(
    max_examples=int(os.environ.get("RTD_EXAMPLES", "120")),
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]
NAMES = st.one_of(st.sampled_from(["x", "y", "me"]), st.text(min_size=1, max_size=8))
TIMES = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
MOMENTS = {
    Cycle.MINUTE: st.builds("{:02d}".format, st.integers(0, 59)),
    Cycle.HOUR: st.builds("{:02d}:{:02d}".format, st.integers(0, 59), st.integers(0, 59)),
    Cycle.DAY: TIMES,
    Cycle.WEEK: st.one_of(
        st.sampled_from(WEEKDAYS), st.builds("{} {}".format, st.sampled_from(WEEKDAYS), TIMES)
    ),
    Cycle.MONTH: st.one_of(
        st.integers(1, 31).map(ordinal),
        st.builds("{} {}".format, st.integers(1, 31).map(ordinal), TIMES),
    ),
}
MOVING = st.sampled_from(
    ["last day", "last day 22:30", "last Sunday", "1st Mon 02:30", "5th Friday", "3rd Wed"]
)
BETWEEN_MOVING = st.sampled_from([" between 25th and last day", " between last Fri and 5th 08:00"])
UNITS = ["ms", "s", "min", "hours", "days", "w"]
SPANS = st.builds("{} {}".format, st.integers(1, 90), st.sampled_from(UNITS))
STATUSES = [
    "succeeded",
    "failed",
    "terminated",
    "been unsuccessful",
    "started",
    "finished",
    "inacted",
]


@st.composite
def limits(draw: st.DrawFn, cycle: Cycle, kinds: tuple[str, ...]) -> str:
    kind: str = draw(st.sampled_from(kinds))
    if kind == "":
        return ""
    if cycle is Cycle.MONTH and kind != "between" and draw(st.booleans()):
        return f" {kind} {draw(MOVING)}"
    if cycle is Cycle.MONTH and kind == "between" and draw(st.booleans()):
        return draw(BETWEEN_MOVING)
    first: str = draw(MOMENTS[cycle])
    return f" {kind} {first}" + (f" and {draw(MOMENTS[cycle])}" if kind == "between" else "")


ANY = ("", "before", "after", "between", "on", "starting")


@st.composite
def windows(draw: st.DrawFn) -> str:
    cycle: Cycle = draw(st.sampled_from(Cycle))
    if draw(st.booleans()):
        limit: str = draw(limits(cycle, ANY))
        return cycle.adverb + limit
    on = ("on",) if cycle in (Cycle.WEEK, Cycle.MONTH) else ()
    return f"time of {cycle.value}{draw(limits(cycle, ('before', 'after', 'between', *on)))}"


@st.composite
def statuses(draw: st.DrawFn) -> str:
    who = draw(st.one_of(st.just(""), NAMES.map(lambda name: f"task {quote(name)} ")))
    head = f"{who}has {draw(st.sampled_from(STATUSES))}"
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return head
    if kind == 1:
        return f"{head} past {draw(SPANS)}"
    cycle: Cycle = draw(st.sampled_from(Cycle))
    return f"{head} {cycle.current}{draw(limits(cycle, ANY))}"


@st.composite
def afters(draw: st.DrawFn) -> str:
    names = draw(st.lists(NAMES, min_size=1, max_size=3))
    kind = draw(st.sampled_from(["tasks", "any tasks"]))
    tail = draw(
        st.sampled_from(["", " succeeded", " failed", " terminated", " unsuccessful", " finished"])
    )
    return f"after {kind} {', '.join(map(quote, names))}{tail}"


CRON = st.tuples(
    st.sampled_from(["*", "0", "*/15", "5-20/5", "1,31"]),
    st.sampled_from(["*", "2", "*/3", "1-3", "0,23"]),
    st.sampled_from(["*", "1", "31", "*/2", "L", "L-2,1"]),
    st.sampled_from(["*", "3", "oct-nov", "*/4"]),
    st.sampled_from(["*", "sun", "1-5", "7", "fri-sun", "friL", "sun#5"]),
).map(lambda fields: "cron " + " ".join(fields))
OTHERS = st.sampled_from(
    [
        "true", "never", "task 'x' is running", "scheduler started 2 hours ago",
        "scheduler has run over 90 min", "scheduler has more than 3 cycles", "param 'a' exists",
        "param 'a' is 'b'", "env 'A' is ''", "running past 3 hours", "no output past 10 min",
        "memory above 1.5 GiB", "cpu time above 1 min", "cpu above 150 % for 1 min",
        "host memory above 90 %", "host load above 4.5",
    ]
)  # fmt: skip
EVERY = st.builds("every {}".format, SPANS)
TEXTS = st.one_of(windows(), windows(), EVERY, statuses(), afters(), CRON, OTHERS)
LEAVES = TEXTS.map(parse)


def combined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    lists = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(lists.map(all_of), lists.map(any_of), parts.map(lambda part: ~part))


CONDITIONS = st.recursive(LEAVES, combined, max_leaves=6)
#: Around the clock changes of most zones, a leap day, the turns of months and of the year.
TURNS = ["02-28", "03-10", "03-31", "04-06", "10-06", "10-27", "11-03", "12-31"]
DAYS = st.sampled_from([datetime.fromisoformat(f"2024-{day}") for day in TURNS])
SECONDS = st.one_of(
    st.integers(0, 2 * 86_400), st.integers(0, 192).map(lambda quarters: quarters * 900)
)


@st.composite
def views(draw: st.DrawFn) -> View:
    now = draw(DAYS) + timedelta(seconds=draw(SECONDS))

    def ago() -> datetime:
        return now - timedelta(seconds=draw(st.one_of(st.just(0), SECONDS)))

    history = {
        name: [(draw(st.sampled_from(ACTIONS)), ago()) for _ in range(draw(st.integers(0, 4)))]
        for name in ("me", "x", "y")
    }
    zone = draw(st.sampled_from(ZONES))
    began = View(ago(), tz=zone).now_us / 1e6
    return View(
        now,
        "me",
        history,
        scheduler_started=draw(st.one_of(st.none(), st.builds(ago))),
        scheduler_cycles=draw(st.integers(0, 6)),
        tz=zone,
        sample=draw(st.sampled_from([None, Sample(began, 2**31, 61.0)])),
        world=World(host=Host(95.0, draw(st.sampled_from([1.0, 5.0]))), params={"a": "b"}),
    )
