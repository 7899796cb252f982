"""The maps that verbs on scheduled tasks answer with."""

from typing import Final

from rtd.protocol.schema import Param, Shape

START: Final = Shape(
    "StartRow",
    "A moment at which a task will start.",
    (
        Param("task", "str", "its name"),
        Param("at", "float", "epoch seconds"),
        Param("timezone", "str", "IANA name of the task's local time"),
    ),
)

SWITCH: Final = Shape(
    "SwitchRow",
    "Whether a task starts by its condition; `*` stands for the whole schedule.",
    (Param("task", "str", "its name"), Param("enabled", "bool", "it does")),
)

HOLD: Final = Shape(
    "Hold",
    "Something that keeps a task from starting.",
    (
        Param("kind", "str", "one word: disabled, running, queue_paused, backoff, ..."),
        Param("text", "str", "a sentence"),
        Param("run", "str | None", "the run that it is about"),
        Param("until", "float | None", "when it ends, where that is known"),
    ),
)  # fmt: skip

MISS: Final = Shape(
    "MissRow",
    "A due moment and what became of it.",
    (
        Param("task", "str", "whose"),
        Param("due_at", "float", "when its condition came true, epoch seconds"),
        Param("verdict", "str", "late, skipped, missed or coalesced"),
        Param("run", "str | None", "the run that was made of it"),
        Param("reason", "str", "why"),
        Param("timezone", "str", "IANA name of the task's local time"),
    ),
)

GRAPH_NODE: Final = Shape(
    "GraphNode",
    "A task among those that lead to each other.",
    (
        Param("task", "str", "its name"),
        Param("missing", "bool", "it is named somewhere and does not exist"),
        Param("lane", "str", "where its runs go"),
        Param("condition", "str | None", "under which it starts"),
        Param("end_condition", "str | None", "under which its runs are ended"),
        Param("doc", "str", "the first line of its docstring"),
    ),
)

GRAPH_EDGE: Final = Shape(
    "GraphEdge",
    "What leads from a task to another.",
    (
        Param("source", "str", "from this task"),
        Param("target", "str", "to this one"),
        Param("kind", "str", "after (it starts it), asked, ends, or given (its result)"),
        Param("text", "str", "the same in a few words"),
    ),
)

SCHEDULE_SHAPES: Final = (START, SWITCH, HOLD, MISS, GRAPH_NODE, GRAPH_EDGE)
