"""The verbs on the daemon, its app and its task log."""

from typing import Final

from rtd.protocol.run_verbs import ID
from rtd.protocol.schema import Field, Shape, Verb

FAULT: Final = Shape(
    "FaultRow",
    "A part of the app that failed without stopping anything.",
    (
        Field(
            "kind",
            "str",
            "condition, parameter, hook, loader, log, settings, task, timezone or rtd",
        ),
        Field("what", "str", "its name within its kind"),
        Field("message", "str", "the latest one, with file and line where they are known"),
        Field("times", "int", "how often since the app was imported"),
        Field("first_at", "float", "epoch seconds"),
        Field("last_at", "float", "epoch seconds"),
    ),
)

LANE: Final = Shape(
    "LaneRow",
    "An execution kind on this node.",
    (
        Field("lane", "str", "its name"),
        Field("executors", "int", "how many live"),
        Field("running", "int", "runs that are going in it"),
        Field("queued", "int", "runs that wait for one of its executors"),
        Field("full", "bool", "none is idle, and it may have no more of them"),
        Field("waiting", "int", "runs of it that wait for other runs"),
        Field("lent", "int", "executors beyond its maximum, in the place of those that wait"),
    ),
)

SCHEDULE: Final = Shape(
    "ScheduleState",
    "Whether tasks start by their conditions.",
    (
        Field("state", "str", "none, starting, going, paused, halted or ended"),
        Field("why", "str | None", "what halted it, or what it waits for"),
        Field("halted_at", "float | None", "when it was halted, epoch seconds"),
        Field("tasks", "int", "how many have a condition"),
    ),
)  # fmt: skip

#: The first fields of every answer about a daemon.
IDENTITY: Final = (
    Field("version", "str", "of rtd"),
    Field("pid", "int", "the supervisor's"),
    Field("name", "str", "the namespace in Redis"),
    Field("node", "str", "this host among those that share it"),
    Field("started_at", "float", "epoch seconds"),
    Field("draining", "bool", "it takes no new work and will end"),
    Field("app", "str | None", "the APP of `rtd run`; null: commands only"),
    Field("app_error", "str | None", "why the app does not import, with file and line"),
)

HELLO: Final = Verb(
    name="hello",
    command=None,
    doc="Greet the daemon: the first request on a connection. Each side names its version.",
    params=(
        Field("version", "int", "the client's protocol version"),
        Field("client", "str", "name and version of the client's program", ""),
    ),
    result=(
        Field("version", "int", "the daemon's protocol version"),
        Field("server", "str", "name and version of the daemon"),
        Field("pid", "int", "the supervisor's"),
        Field("frame_limit_bytes", "int", "larger frames are refused"),
        Field("params_limit_bytes", "int", "larger parameters of a run are refused"),
    ),
    example=(
        {"version": 1, "client": "rtctl 0.1.0"},
        {
            "version": 1,
            "server": "rtd 0.1.0",
            "pid": 4242,
            "frame_limit_bytes": 16777216,
            "params_limit_bytes": 1048576,
        },
    ),
)

TASK_LOG: Final = Verb(
    name="task_log",
    summary="print the app's task log: each run and how it ended",
    command="tasklog",
    completes="task",
    doc="Return the entries of the app's task log if Redis holds it, or the file that holds them, "
    "to be read there. Error `wrong_state` when the app keeps no log that can be read.",
    params=(
        Field("task", "str | None", "only this one's", None),
        Field("action", "str | None", "only this action", None),
        Field("since", "float | None", "only since then, epoch seconds", None),
        Field("until", "float | None", "only until then, epoch seconds", None),
        Field("limit", "int", "1 to 10000", 100),
        Field("skip", "int", "leave out so many of the latest", 0),
    ),
    result=(
        Field("rows", "list[Any]", "task_name, action, run_id, start_at, end_at, exc_text, "
              "reason; latest first"),
        Field("file", "str | None", "the CSV file that holds the log instead"),
    ),
    example=(
        {"task": "report", "limit": 1},
        {"rows": [{"task_name": "report", "action": "success", "run_id": ID,
                   "start_at": 1769846400.0, "end_at": 1769846402.5, "exc_text": None,
                   "reason": ""}],
         "file": None},
    ),
)  # fmt: skip

STATUS: Final = Verb(
    name="status",
    summary="show the state of the daemon, its app and its schedule, and what has failed",
    doc="Describe the state of the daemon, its app and its schedule, and the parts of the app that "
    "failed.",
    result=(
        *IDENTITY,
        Field("tasks", "int", "how many the app has"),
        Field("redis", "dict[str, Any]", "url, ok, error, server, version, program, pid, bytes"),
        Field("lanes", "list[LaneRow]", "those with executors, by name"),
        Field("queued", "int", "runs that wait, delayed ones included"),
        Field("running", "int", "runs that are going"),
        Field("schedule", "ScheduleState", "whether tasks start by their conditions"),
        Field("faults", "list[FaultRow]", "since the app was imported, the latest first"),
    ),
    example=(
        {},
        {
            "version": "0.1.0", "pid": 4242, "name": "rtd", "node": "web1",
            "started_at": 1769846400.0, "draining": False, "app": "shop.jobs:session",
            "app_error": None, "tasks": 12,
            "redis": {"url": "embedded", "ok": True, "server": "Redis", "version": "8.2.3"},
            "lanes": [{"lane": "process", "executors": 2, "running": 1, "queued": 0,
                       "full": False, "waiting": 0, "lent": 0}],
            "queued": 12, "running": 1,
            "schedule": {"state": "going", "why": None, "halted_at": None, "tasks": 4},
            "faults": [{"kind": "parameter", "what": "friend_list", "times": 3,
                        "message": "KeyError: 'x' (/srv/shop/parameters.py, line 8)",
                        "first_at": 1769846400.0, "last_at": 1769846420.0}],
        },
    ),
)  # fmt: skip

INFO: Final = Verb(
    name="info",
    summary="show the daemon and its parts",
    doc="Describe the daemon, its app, its Redis and its executors.",
    result=(
        *IDENTITY,
        Field("places", "dict[str, Any]", "socket, runtime_dir, state_dir, log"),
        Field("redis", "dict[str, Any]", "url, address (a URL, no password), ok, "
              "error, server, version, program, pid, bytes"),
        Field("channels", "list[str]", "patterns of the channels of events in Redis"),
        Field("executors", "list[Any]", "maps: exec, pid, lane, run, started_at, retiring"),
        Field("queued", "int", "runs that wait, delayed ones included"),
        Field("running", "int", "runs that are going"),
        Field("tally", "dict[str, Any]", "ended runs by state, since the namespace exists"),
        Field("output", "dict[str, Any]", "bytes, quota_bytes, dir"),
    ),
    example=(
        {},
        {
            "version": "0.1.0", "pid": 4242, "name": "rtd", "node": "web1",
            "started_at": 1769846400.0, "draining": False, "app": "shop.jobs:session",
            "app_error": None, "places": {"socket": "/run/rtd/rtd.sock"},
            "redis": {"url": "embedded", "address": "unix:///var/lib/rtd/redis/redis.sock",
                      "ok": True, "error": None, "server": "Redis", "version": "8.2.3",
                      "program": "/usr/bin/redis-server"},
            "channels": ["{rtd:rtd}:run:*", "{rtd:rtd}:task:*"],
            "executors": [{"exec": ID, "pid": 4250, "lane": "process", "run": None}],
            "queued": 12, "running": 1, "tally": {"succeeded": 1200, "error": 3},
            "output": {"bytes": 81920, "quota_bytes": 1073741824},
        },
    ),
)  # fmt: skip

RELOAD: Final = Verb(
    name="reload",
    summary="import the app again: new runs get the new code",
    answers_within_s=None,
    doc="Import the app again and serve it. Running runs stay with the code they began with. "
    "Answers when new runs get the new code; error `bad_app` with file and line when the app "
    "does not import: then the previous one stays in use.",
    result=(
        Field("generation", "int", "the generation of the process that forks new executors"),
        Field("tasks", "int", "how many the app has now"),
        Field("added", "list[str]", "tasks that are new"),
        Field("changed", "list[str]", "tasks whose declaration or function has changed"),
        Field("removed", "list[str]", "tasks that are gone"),
        Field("faults", "list[str]", "what failed without stopping the import, a sentence each"),
    ),
    example=(
        {},
        {"generation": 3, "tasks": 12, "added": ["report"], "changed": [], "removed": ["old"],
         "faults": []},
    ),
)  # fmt: skip

PING: Final = Verb(
    name="ping",
    summary="check that the daemon answers",
    doc="Check that the daemon answers.",
    result=(
        Field("pid", "int", "the supervisor's"),
        Field("at", "float", "the daemon's clock, epoch seconds"),
    ),
    example=({}, {"pid": 4242, "at": 1769846400.0}),
)

SHUTDOWN: Final = Verb(
    name="shutdown",
    summary="stop the daemon",
    doc="End the daemon: take no more runs, let running runs finish within the grace, stop the "
    "rest. Answers at once; the daemon closes the connection when it has ended.",
    repeatable=False,
    params=(
        Field("grace_s", "float | None", "how long runs have to finish; default: the daemon's "
              "stop_grace", None),
        Field("keep_running", "bool", "stop only the supervisor; runs continue and the next one "
              "adopts them", False),
    ),
    result=(
        Field("pid", "int", "the supervisor's"),
        Field("running", "int", "runs that are going now, without those of local tasks, which "
              "are stopped at once"),
        Field("runs", "list[Any]", "the first of them: [id, task]"),
        Field("grace_s", "float", "how long they may continue before they are stopped"),
    ),
    example=(
        {"grace_s": 5.0},
        {"pid": 4242, "running": 1, "runs": [[ID, "report"]], "grace_s": 5.0},
    ),
)  # fmt: skip
DAEMON_SHAPES: Final = (FAULT, LANE, SCHEDULE)
