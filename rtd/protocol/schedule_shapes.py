"""The maps in the answers of the verbs on scheduled tasks."""

from typing import Final

from rtd.protocol.schema import Field, Shape

START: Final = Shape(
    "StartRow",
    "A moment at which a task will start.",
    (
        Field("task", "str", "its name"),
        Field("at", "float", "epoch seconds"),
        Field("timezone", "str", "IANA name of the task's local time"),
    ),
)

SWITCH: Final = Shape(
    "SwitchRow",
    "Whether a task starts by its condition; `*` stands for the whole schedule.",
    (Field("task", "str", "its name"), Field("enabled", "bool", "it does")),
)

HOLD: Final = Shape(
    "Hold",
    "Something that keeps a task from starting.",
    (
        Field("kind", "str", "one word: disabled, running, queue_paused, backoff, ..."),
        Field("text", "str", "a sentence"),
        Field("run", "str | None", "the run that holds it"),
        Field("until", "float | None", "when it ends, where that is known"),
    ),
)  # fmt: skip

MISS: Final = Shape(
    "MissRow",
    "A due moment that did not just start a run in time.",
    (
        Field("task", "str", "whose"),
        Field("due_at", "float", "when its condition came true, epoch seconds"),
        Field("verdict", "str", "late, skipped, missed or coalesced"),
        Field("run", "str | None", "the run that it started, if any"),
        Field("reason", "str", "why"),
        Field("timezone", "str", "IANA name of the task's local time"),
    ),
)

GRAPH_NODE: Final = Shape(
    "GraphNode",
    "A task in the graph.",
    (
        Field("task", "str", "its name"),
        Field("missing", "bool", "a condition or a parameter names it, but it does not exist"),
        Field("lane", "str", "where its runs go"),
        Field("condition", "str | None", "under which it starts"),
        Field("end_condition", "str | None", "under which its runs are ended"),
        Field("doc", "str", "the first line of its docstring"),
    ),
)

GRAPH_EDGE: Final = Shape(
    "GraphEdge",
    "A connection from a task to another.",
    (
        Field("source", "str", "from this task"),
        Field("target", "str", "to this one"),
        Field("kind", "str", "after (it starts it), asked, ends, or given (its result)"),
        Field("text", "str", "the same in a few words"),
    ),
)

SCHEDULE_SHAPES: Final = (START, SWITCH, HOLD, MISS, GRAPH_NODE, GRAPH_EDGE)
