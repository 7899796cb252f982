"""The maps that verbs on scheduled tasks answer with."""

from typing import Final

from rtd.wire.schema import Param, Shape

START: Final = Shape(
    "StartRow",
    "A moment at which a task will start.",
    (Param("task", "str", "its name"), Param("at", "float", "epoch seconds")),
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
    ),
)

SCHEDULE_SHAPES: Final = (START, SWITCH, HOLD, MISS)
