"""What the planner holds of one scheduled task."""

from typing import Final, NamedTuple

from rtd.language.core.condition import Condition, Evaluation
from rtd.language.core.view import View
from rtd.language.three_valued import custom_ids, evaluate_partially
from rtd.language.time.time_zones import NEVER, Zone
from rtd.model.schedule import CatchUp

#: What holds a task whose condition is true.
DISABLED: Final = "it is disabled"
PAUSED: Final = "all tasks are disabled"
RUNNING: Final = "a run of its own was still going"
ONCE: Final = "it starts once each time that its condition comes true"


class Prediction(NamedTuple):
    """What a condition will say at a moment if nothing happens until then."""

    at_us: int
    value: bool
    until_us: int


class ScheduledTask:
    """One task with a start condition.

    Attributes:
        due_us: since when its condition is true; None: it is false.
        fresh: it came true at `due_us`; else it has been true since before its last start.
        held: what held it when it was due, empty if nothing did.
        wake_us: when it is to be looked at, in the heap; NEVER: only after an event.
        last_us: the due moment of its latest occurrence.
        since_us: when it was first served: what was due before is none of its.
        texts: the custom conditions that it names.
        used: answers of askings up to this one do not count for it.
        ahead: what was found out about `wake_us` in advance; None after any event.
        backlog: due moments that it is to make up for, the oldest first.
    """

    __slots__ = (
        "backlog",
        "catch_up",
        "condition",
        "custom_ids",
        "due_us",
        "enabled",
        "last_us",
        "name",
        "newly_true",
        "overlap",
        "prediction",
        "since_us",
        "skip_reason",
        "used_evaluation",
        "wake_us",
        "zone",
    )

    def __init__(
        self, name: str, condition: Condition, zone: Zone, catch_up: CatchUp, overlap: bool
    ) -> None:
        self.name = name
        self.condition = condition
        self.zone = zone
        self.catch_up = catch_up
        self.overlap = overlap
        self.custom_ids = custom_ids(condition)
        self.used_evaluation = 0
        self.enabled = True
        self.due_us: int | None = None
        self.newly_true = False
        self.skip_reason = ""
        self.wake_us = NEVER
        self.last_us = 0
        self.since_us = 0
        self.prediction: Prediction | None = None
        self.backlog: list[tuple[int, str]] | None = None

    def evaluate(self, view: View) -> Evaluation:
        """What its condition says for certain, and until when; custom conditions that the view
        has no answer of are neither true nor false."""
        if not self.custom_ids:
            return self.condition.evaluate(view)
        known = evaluate_partially(self.condition, view)
        return known.value is True, known.until
