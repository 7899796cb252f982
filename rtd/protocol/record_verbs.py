"""The verbs about the records of ended runs, about leases that no executor holds any more, on
events, and those that wait for the ends of runs."""

from typing import Final

from rtd.protocol.run_verbs import ID, RUNS, TARGET, WAITER
from rtd.protocol.schema import Field, Shape, Verb

STALE_LEASE: Final = Shape(
    "StaleLease",
    "A run whose executor is gone and that is not settled yet.",
    (
        Field("run", "str", "its id"),
        Field("executor", "str", "the id of the executor that had it"),
        Field("node", "str | None", "where that was, if it is known"),
        Field("why", "str", "what is gone, one sentence"),
    ),
)

ENDED: Final = Verb(
    name="ended",
    command="forget",
    doc="List ended runs by age: for each task the oldest first. For programs that do something "
    "with old runs before they forget them.",
    params=(
        Field("before", "float", "only those that ended before, epoch seconds"),
        Field("task", "str | None", "only this task's", None),
        Field("limit", "int", "how many at most, up to 1,000", 100),
        Field("skip", "dict[str, Any]", "how many of the oldest runs of a task are left out", {}),
    ),
    result=(
        Field("runs", "list[Row]", "at most `limit`"),
        Field("more", "bool", "there may be more runs than these"),
    ),
    example=(
        {"before": 1769846400.0, "limit": 1},
        {"runs": [{"id": ID, "task": "report", "state": "succeeded", "...": "..."}], "more": True},
    ),
)  # fmt: skip

FORGET: Final = Verb(
    name="forget",
    changes=True,
    summary="remove the records of ended runs",
    completes="run",
    doc="Remove the records of ended runs, before the retention does. Their output goes with the "
    "retention of output. A run that has not ended is left alone (`wrong_state`).",
    repeatable=False,
    params=(Field("runs", "list[str]", f"which runs, each {TARGET}"),),
    result=(Field("runs", "list[Outcome]", "one for each target, in their order"),),
    example=(
        {"runs": ["X9YB"]},
        {"runs": [{"run": "X9YB", "id": ID, "pids": [], "new": None, "error": None,
                   "state": "succeeded"}]},
    ),
)  # fmt: skip

LEASES: Final = Verb(
    name="leases",
    changes=True,
    summary="list runs whose executor is gone",
    doc="Count the leases of runs, and list the stale ones: the executor or its node is gone, and "
    "the run is not settled yet. rtd settles them by itself within seconds.",
    params=(
        Field("settle", "bool", "look for dead executors now, instead of at the next time", False),
    ),
    result=(
        Field("leases", "int", "how many runs executors have, on all nodes"),
        Field("stale", "list[StaleLease]", "those whose executor is gone"),
    ),
    example=(
        {"settle": True},
        {"leases": 12, "stale": [{"run": ID, "executor": "01KAJ3V5Q0E7Z4M2T8W6R1X9YC",
                                  "node": "two", "why": "node two is gone"}]},
    ),
)  # fmt: skip

EVENTS: Final = Verb(
    name="events",
    summary="print the events of runs and queues",
    doc="Send the events of runs and queues, and those that tasks emit, as `event` notifications. "
    "Events of each of the two kinds come in their order, across the kinds by their time.",
    params=(
        Field("follow", "bool", "continue until the client closes the connection", False),
        Field("since", "str | None", "after this event's id; default: the last `limit`, or with "
              "`follow` from now", None),
        Field("limit", "int | None", "how many past ones at most; null: 100, and with `since` all",
              100),
        Field("task", "str | None", "only this task's", None),
        Field("run", "str | None", f"only this run's: {TARGET}", None),
        Field("type", "list[str]", "only events of these names: queued, started, succeeded, error, "
              "exception, terminated, lost, cancelled, retry, requeued, or of tasks' own", []),
    ),
    result=(
        Field("last", "str | None", "id of the last event seen, for `since`"),
        Field("trimmed", "bool", "events after `since` were gone already"),
    ),
    stream=("event", "Event"),
    example=(
        {"follow": False, "limit": 10},
        {"last": "1769846400000-0/1769846399000-3", "trimmed": False},
    ),
)  # fmt: skip

COLLECT: Final = Verb(
    name="collect",
    command="wait",
    answers_within_s=None,
    doc="Send each run as soon as it has ended, in `collect` notifications of several at a time; "
    "the first of them holds those that were over already, perhaps none. The answer comes when all "
    "have ended.",
    params=(
        RUNS,
        Field("values", "bool", "send results with the runs, those that are not large", False),
        Field("any", "bool", "the caller needs only one of them", False),
        WAITER,
    ),
    result=(Field("ended", "int", "how many runs were sent"),),
    stream=("collect", "EndedRuns"),
    example=({"runs": ["X9YB", "7F0C"], "values": True}, {"ended": 2}),
)
