"""The values of conditions: when they may change, and what can change them."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

ME: Final = ""
"""The name that stands for the task itself in what a condition depends on."""

NO_VALUE: Final = (
    "a condition has no value of its own: combine conditions with & | ~ "
    "(not: and, or, not), and ask condition.check(view)"
)

Evaluation = tuple[bool, int]
"""A value, and the instant from which time alone may change it (NEVER: only an event)."""


class Poll(Enum):
    """A cause that can change a condition without an event of a task."""

    TIME = "time"
    SCHEDULER = "scheduler"
    SAMPLE = "sample"
    HOST = "host"
    CUSTOM = "custom"
    PARAMS = "params"


class Decision(NamedTuple):
    """A value, and the UTC epoch seconds from which time alone may change it (None: never)."""

    value: bool
    next_change_at: float | None
