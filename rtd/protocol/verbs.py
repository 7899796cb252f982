"""Every verb of the protocol, declared once.

`python -m tools.generate_client` writes the client's methods (`rtctl/generated/verbs.py`) and the
page `docs/reference/protocol.md` from here; the daemon's handlers are checked against it when
they are imported, and each request before it is handled.
"""

from collections.abc import Mapping
from typing import Any, Final

from rtd.common.errors import BadRequest
from rtd.protocol.app_verbs import RELOAD
from rtd.protocol.log_verbs import TASK_LOG
from rtd.protocol.parameter_verbs import PARAMETER_VERBS
from rtd.protocol.run_verbs import (
    CANCEL,
    ID,
    KILL,
    LOGS,
    LS,
    REASON,
    RESULT,
    RETRY,
    SHOW,
    SUBMIT,
    TARGET,
    WAIT,
)
from rtd.protocol.schedule_verbs import DISABLE, ENABLE, GRAPH, MISSES, NEXT, TRIGGER, WHY
from rtd.protocol.schema import Field, Verb, check
from rtd.protocol.status_verbs import IDENTITY, STATUS

_QUEUES: Final = Field("queues", "list[str]", "their names; one that is new is created")

HELLO: Final = Verb(
    name="hello",
    doc="The first request on a connection: who speaks, in which version.",
    params=(
        Field("version", "int", "the client's protocol version"),
        Field("client", "str", "name and version of the client's program", ""),
    ),
    result=(
        Field("version", "int", "the daemon's protocol version"),
        Field("server", "str", "name and version of the daemon"),
        Field("pid", "int", "the supervisor's"),
        Field("frame_limit_bytes", "int", "larger frames are refused"),
    ),
    example=(
        {"version": 1, "client": "rtctl 0.1.0"},
        {"version": 1, "server": "rtd 0.1.0", "pid": 4242, "frame_limit_bytes": 16777216},
    ),
)

PING: Final = Verb(
    name="ping",
    doc="Whether the daemon answers.",
    result=(
        Field("pid", "int", "the supervisor's"),
        Field("at", "float", "the daemon's clock, epoch seconds"),
    ),
    example=({}, {"pid": 4242, "at": 1769846400.0}),
)

INFO: Final = Verb(
    name="info",
    doc="The daemon, its app, its Redis and its executors.",
    result=(
        *IDENTITY,
        Field("places", "dict[str, Any]", "socket, runtime_dir, state_dir, log"),
        Field("redis", "dict[str, Any]", "url, ok, error, version, pid, bytes"),
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
            "redis": {"url": "embedded", "ok": True, "error": None},
            "executors": [{"exec": ID, "pid": 4250, "lane": "process", "run": None}],
            "queued": 12, "running": 1, "tally": {"succeeded": 1200, "error": 3},
            "output": {"bytes": 81920, "quota_bytes": 1073741824},
        },
    ),
)  # fmt: skip

EVENTS: Final = Verb(
    name="events",
    doc="What happens to runs and queues, as `event` notifications.",
    params=(
        Field("follow", "bool", "go on until the client closes the connection", False),
        Field("since", "str | None", "after this event's id; default: the last `limit`, or with "
              "`follow` from now", None),
        Field("limit", "int", "how many past events at most", 100),
        Field("task", "str | None", "only this task's", None),
        Field("run", "str | None", f"only this run's: {TARGET}", None),
    ),
    result=(Field("last", "str | None", "id of the last event seen, for `since`"),),
    stream=("event", "Event"),
    example=({"follow": False, "limit": 10}, {"last": "1769846400000-0"}),
)  # fmt: skip

TASKS: Final = Verb(
    name="tasks",
    doc="The tasks of the app and what they take.",
    params=(Field("task", "str | None", "only this one", None),),
    result=(
        Field("app", "str | None", "where they come from"),
        Field("app_error", "str | None", "why the app does not import"),
        Field("tasks", "list[TaskRow]", "by name"),
    ),
    example=(
        {},
        {"app": "shop.jobs:session", "app_error": None,
         "tasks": [{"name": "report", "lane": "process", "takes": "day", "...": "..."}]},
    ),
)  # fmt: skip

QUEUE_LS: Final = Verb(
    name="queue_ls",
    doc="All queues.",
    result=(Field("queues", "list[QueueRow]", "the highest priority first"),),
    example=(
        {},
        {"queues": [{"queue": "default", "priority": 0, "paused": False, "queued": 3,
                     "running": 1}]},
    ),
)  # fmt: skip

QUEUE_PAUSE: Final = Verb(
    name="queue_pause",
    doc="Start nothing more from these queues; what runs goes on, submits are accepted.",
    params=(_QUEUES, REASON),
    result=(Field("queues", "list[QueueRow]", "as they are now"),),
    example=({"queues": ["slow"]}, {"queues": [{"queue": "slow", "paused": True, "...": "..."}]}),
)

QUEUE_RESUME: Final = Verb(
    name="queue_resume",
    doc="Start runs from these queues again.",
    params=(_QUEUES,),
    result=(Field("queues", "list[QueueRow]", "as they are now"),),
    example=({"queues": ["slow"]}, {"queues": [{"queue": "slow", "paused": False, "...": "..."}]}),
)

QUEUE_PURGE: Final = Verb(
    name="queue_purge",
    doc="Cancel all runs that wait in a queue.",
    params=(Field("queue", "str", "its name"), REASON),
    result=(Field("cancelled", "int", "how many"),),
    example=({"queue": "slow"}, {"cancelled": 120}),
)

SHUTDOWN: Final = Verb(
    name="shutdown",
    doc="End the daemon: take no more runs, let those that run finish within the grace, stop "
    "the rest. Answers at once; the daemon closes the connection when it is done.",
    repeatable=False,
    params=(
        Field("grace_s", "float | None", "how long runs have to finish; default: the daemon's "
              "stop_grace", None),
        Field("keep_running", "bool", "end only the supervisor; runs go on and the next one "
              "adopts them", False),
    ),
    result=(
        Field("pid", "int", "the supervisor's"),
        Field("running", "int", "runs that are going now"),
    ),
    example=({"grace_s": 5.0}, {"pid": 4242, "running": 1}),
)  # fmt: skip

#: The verbs on runs, queues and the daemon; then those on tasks. Both sides have a file for each.
RUN_VERBS: Final = (
    HELLO, PING, INFO, STATUS, SUBMIT, LS, SHOW, RESULT, WAIT, KILL, CANCEL, RETRY, LOGS, EVENTS,
    QUEUE_LS, QUEUE_PAUSE, QUEUE_RESUME, QUEUE_PURGE, RELOAD, SHUTDOWN,
)  # fmt: skip
TASK_VERBS: Final = (
    TASKS, NEXT, WHY, MISSES, ENABLE, DISABLE, TRIGGER, GRAPH, TASK_LOG, *PARAMETER_VERBS,
)  # fmt: skip
VERBS: Final[Mapping[str, Verb]] = {verb.name: verb for verb in (*RUN_VERBS, *TASK_VERBS)}


def check_request(method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a request, checked, with the defaults filled in.

    Raises:
        BadRequest: the verb is unknown, or a parameter is unknown, missing or mistyped.
    """
    verb = VERBS.get(method)
    if verb is None:
        raise BadRequest(f"unknown verb {method!r:.60}; known: {', '.join(VERBS)}")
    return check(verb, params)
