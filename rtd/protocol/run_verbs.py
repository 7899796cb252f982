"""The verbs that make, read and end runs."""

from typing import Any, Final

from rtd.protocol.schema import Field, Verb

ID: Final = "01KAJ3V5Q0E7Z4M2T8W6R1X9YB"
TARGET: Final = "an id, 4 or more characters of its start or end that fit one recent run, or a key"
REASON: Final = Field(
    "reason", "str", "goes into the records; at most 500 characters", "", max_chars=500
)
RUN: Final = Field("run", "str", f"which run: {TARGET}")
_GRACE: Final = Field(
    "grace_s", "float | None", "instead of the task's stop_grace; 0: kill at once", None
)
RUNS: Final = Field("runs", "list[str]", f"which runs, each {TARGET}")
_OUTCOMES: Final = Field("runs", "list[Outcome]", "one for each target, in their order")
_SPLIT: Final[dict[str, Any]] = {"run": "X9YB", "id": ID, "pids": [], "new": None, "error": None}

SUBMIT: Final = Verb(
    name="submit",
    changes=True,
    summary="queue a run of a task, or a command",
    aliases=("add", "enqueue", "call"),
    completes="task_call",
    doc="Queue one run, or many of one task. The ids come from the client, so that a request "
    "sent twice makes its runs once.",
    params=(
        Field("task", "str", "its name; `command` for a shell command"),
        Field("params", "dict[str, Any]", "the parameters of one run", {}),
        Field("many", "list[dict[str, Any]] | None", "instead: the parameters of each run", None),
        Field("ids", "list[str] | None", "a ULID for each run; made by the daemon if absent", None),
        Field("key", "str | None", "your own name of one run: the same key, the same run; "
              "error `conflict` if that one is of another task or has other parameters", None),
        Field("options", "SubmitOptions", "how the runs are queued and watched; any policy of a "
              "task", {}),
        Field("shortcut", "bool", "for clients: say how to queue further runs of this task", False),
    ),
    result=(
        Field("ids", "list[str]", "of the runs, in order"),
        Field("created", "list[bool]", "false: that run existed already"),
        Field("shortcut", "dict[str, Any] | None", "how a client may queue more runs of the task "
              "in Redis, while the app stays the same"),
    ),
    example=(
        {"task": "report", "params": {"day": "2026-01-31"}, "ids": [ID],
         "options": {"timeout": "10m", "queue": "slow"}},
        {"ids": [ID], "created": [True], "shortcut": None},
    ),
)  # fmt: skip

LS: Final = Verb(
    name="ls",
    summary="list runs (the default, without a verb)",
    aliases=("ps", "list"),
    completes="task",
    doc="List runs: the running ones, then the queued, then the ended, the newest first.",
    params=(
        Field("task", "str | None", "only this task's", None),
        Field("state", "list[str]", "only in these; also `failed`, `unsuccessful`, `ended`", []),
        Field("queue", "str | None", "only of this queue", None),
        Field("labels", "list[str]", "only those with all of these labels", []),
        Field("limit", "int", "how many at most", 50),
        Field("since", "float | None", "only those that changed since, epoch seconds", None),
        Field("until", "float | None", "only those that have not changed since then", None),
        Field("ended_from", "int | None", "go on in the ended runs: `next` of an answer", None),
    ),
    result=(
        Field("runs", "list[Row]", "at most `limit`"),
        Field("totals", "dict[str, Any]", "how many runs each state has, without the filter"),
        Field("more", "bool", "there may be more runs than these"),
        Field("next", "int | None", "for `ended_from`, to continue (a run may come twice); none: "
              "no more"),
    ),
    example=(
        {"state": ["running"], "limit": 1},
        {"runs": [{"id": ID, "task": "report", "state": "running", "...": "..."}],
         "totals": {"running": 1, "queued": 12, "succeeded": 1200}, "more": False,
         "next": None},
    ),
)  # fmt: skip

SHOW: Final = Verb(
    name="show",
    summary="show everything that rtd knows about a run",
    aliases=("inspect",),
    completes="run",
    doc="Return everything that rtd knows of a run.",
    params=(RUN,),
    result=(
        Field("row", "Row", "as in ls"),
        Field("params", "Any", "as submitted"),
        Field("options", "dict[str, Any]", "the policies that this submit set"),
        Field("headers", "dict[str, Any]", "as given at submit"),
        Field("policies", "dict[str, Any]", "all policies in force that differ from the defaults"),
        Field("node", "str | None", "if another node runs it now: that node"),
        Field("waits", "str", "why a queued run waits: one sentence; else empty"),
        Field("submitted_by", "str", "uid and pid of the client that submitted it"),
        Field("retry_of", "str | None", "if `retry` made it: the run that it repeats"),
        Field("attempts", "list[AttemptRow]", "the attempts that are over, the first one first"),
        Field("pids", "list[Any]", "processes that were ended: [pid, name, how]"),
        Field("tree", "list[Any]", "while it runs: its processes, [pid, name, bytes, cpu_s]"),
        Field("private", "bool", "whether its task has private parameters"),
    ),
    example=({"run": "X9YB"},
        {"row": {"id": ID, "state": "succeeded", "...": "..."}, "params": {"day": "2026-01-31"},
         "options": {}, "headers": {"request": "r-17"}, "policies": {"timeout_s": 600.0},
         "node": None, "waits": "", "submitted_by": "uid 1000 (anna)", "retry_of": None, "pids": [],
         "attempts": [{"number": 1, "state": "succeeded", "...": "..."}], "private": False,
         "tree": []},
    ),
)  # fmt: skip

LOGS: Final = Verb(
    name="logs",
    summary="print the output of a run",
    aliases=("log", "tail"),
    completes="run",
    doc="Send the output of a run as `log` notifications; the answer follows the last one.",
    params=(
        RUN,
        Field("attempt", "int | None", "which try; default: the latest", None),
        Field("follow", "bool", "continue until the run ends, over further attempts", False),
        Field("lines", "int | None", "only the last so many of the lines so far", None),
        Field("since", "float | None", "only what was written since, epoch seconds", None),
        Field("stream", "str | None", "only `out` or `err`", None),
        Field("after", "list[int] | None", "continue after this part: attempt, `end`", None),
    ),
    result=(
        Field("id", "str", "the run"),
        Field("state", "str", "its state when the output ended"),
        Field("attempt", "int", "the last attempt shown"),
        Field("output_bytes", "int", "how much was sent"),
        Field("lost_bytes", "int", "how much had been dropped: disk full, limit, quota"),
    ),
    stream=("log", "LogPart"),
    example=(
        {"run": "X9YB", "follow": True},
        {"id": ID, "state": "succeeded", "attempt": 1, "output_bytes": 14, "lost_bytes": 0},
    ),
)  # fmt: skip

WAITER: Final = Field("waiter", "str | None", "the run that waits, if one does", None)

WAIT: Final = Verb(
    name="wait",
    summary="wait until runs have ended",
    completes="live_run",
    answers_within_s=None,
    doc="Answer when all of the runs (or any of them) have ended.",
    params=(
        RUNS,
        Field("timeout_s", "float | None", "after it: error `timeout`; the runs continue", None),
        Field("any", "bool", "one is enough", False),
        WAITER,
    ),
    result=(Field("runs", "list[Row]", "all of them, in order"),),
    example=(
        {"runs": ["X9YB"], "timeout_s": 60.0},
        {"runs": [{"id": ID, "state": "succeeded", "...": "..."}]},
    ),
)  # fmt: skip

RESULT: Final = Verb(
    name="result",
    summary="print the value that a run returned",
    completes="run",
    doc="Return the value that a run returned, or why there is none.",
    params=(RUN,),
    result=(
        Field("id", "str", "the run"),
        Field("state", "str", "its state; the other values have a meaning once it is terminal"),
        Field("value", "Any", "what the task returned"),
        Field("error", "list[str] | None", "[type, message, traceback] of the last attempt"),
        Field("why", "str | None", "one sentence"),
        Field("exit", "list[int | None] | None", "[code, signal]"),
    ),
    example=(
        {"run": "X9YB"},
        {"id": ID, "state": "succeeded", "value": 42, "error": None, "why": None, "exit": None},
    ),
)

KILL: Final = Verb(
    name="kill",
    changes=True,
    summary="stop runs and every process that they started",
    aliases=("stop",),
    completes="live_run",
    answers_within_s=None,
    doc="Stop runs: request it, wait the grace, then kill the whole process tree. A queued run is "
    "cancelled. Answers when they are over.",
    params=(RUNS, _GRACE, REASON),
    result=(_OUTCOMES,),
    example=(
        {"runs": ["X9YB"], "grace_s": 1.0, "reason": "wrong input"},
        {"runs": [_SPLIT | {"state": "terminated", "pids": [[4250, "rtd: report", "killed"]]}]},
    ),
)  # fmt: skip

RELOAD_RUN: Final = Verb(
    name="reload_run", command="reload-run", changes=True, repeatable=False, completes="live_run",
    answers_within_s=None,
    summary="stop a running run and start it again, with the current code",
    doc="End the attempt of a running run as `kill` does, and begin the next one at once, at the "
    "head of its queue. It is no failure and uses up no retry. Answers when the attempt is over.",
    params=(
        RUN,
        Field("params", "dict[str, Any]", "new values of parameters; the others stay", {}),
        _GRACE,
        REASON,
    ),
    result=(
        Field("id", "str", "the run"),
        Field("attempt", "int", "the number of its next attempt"),
    ),
    example=({"run": "X9YB", "params": {"day": "2026-02-01"}}, {"id": ID, "attempt": 2}),
)  # fmt: skip

CANCEL: Final = Verb(
    name="cancel",
    changes=True,
    summary="cancel runs that have not started",
    aliases=("revoke",),
    completes="queued_run",
    doc="Cancel runs that have not started. A running run is left alone (`wrong_state`).",
    repeatable=False,
    params=(RUNS, REASON),
    result=(_OUTCOMES,),
    example=({"runs": ["X9YB"]}, {"runs": [_SPLIT | {"state": "cancelled"}]}),
)

RETRY: Final = Verb(
    name="retry",
    changes=True,
    summary="submit ended runs again",
    aliases=("requeue",),
    completes="run",
    doc="Submit ended runs again, with the same parameters and options, as new runs: a run "
    "that has ended never changes.",
    params=(
        RUNS,
        Field("ids", "list[str] | None", "a ULID for each new run: then to repeat is safe", None),
    ),
    result=(_OUTCOMES,),
    example=(
        {"runs": ["X9YB"]},
        {"runs": [_SPLIT | {"state": "queued", "new": "01KAJ3V9S2K7Z4M2T8W6R1X9ZC"}]},
    ),
)  # fmt: skip
