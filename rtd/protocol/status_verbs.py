"""How the daemon, its app and its schedule are, in one answer."""

from typing import Final

from rtd.protocol.schema import Field, Shape, Verb

FAULT: Final = Shape(
    "FaultRow",
    "Something of the app's that failed where nothing may stop for it.",
    (
        Field("kind", "str", "condition, parameter, hook, loader, log or task"),
        Field("what", "str", "names it within its kind"),
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

#: What every answer about a daemon begins with.
IDENTITY: Final = (
    Field("version", "str", "of rtd"),
    Field("pid", "int", "the supervisor's"),
    Field("name", "str", "the namespace in Redis"),
    Field("node", "str", "this host among those that share it"),
    Field("started_at", "float", "epoch seconds"),
    Field("draining", "bool", "it takes no new work and will end"),
    Field("app", "str | None", "what was given to `rtd run`; null: commands only"),
    Field("app_error", "str | None", "why the app does not import, with file and line"),
)

STATUS: Final = Verb(
    name="status",
    doc="How the daemon, its app and its schedule are, and what of the app's has failed.",
    result=(
        *IDENTITY,
        Field("tasks", "int", "how many the app has"),
        Field("redis", "dict[str, Any]", "url, ok, error, version, pid, bytes"),
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
            "app_error": None, "tasks": 12, "redis": {"url": "embedded", "ok": True},
            "lanes": [{"lane": "process", "executors": 2, "running": 1}],
            "queued": 12, "running": 1,
            "schedule": {"state": "going", "why": None, "halted_at": None, "tasks": 4},
            "faults": [{"kind": "parameter", "what": "friend_list", "times": 3,
                        "message": "KeyError: 'x' (/srv/shop/parameters.py, line 8)",
                        "first_at": 1769846400.0, "last_at": 1769846420.0}],
        },
    ),
)  # fmt: skip

STATUS_SHAPES: Final = (FAULT, LANE, SCHEDULE)
