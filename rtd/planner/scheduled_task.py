"""One scheduled task: its declaration and its state in the planner."""

from typing import Final, NamedTuple

from rtd.language.core.condition import Condition
from rtd.language.core.evaluation import Evaluation
from rtd.language.core.time_zones import NEVER, Zone
from rtd.language.core.view import View
from rtd.language.three_valued import custom_ids, evaluate_partially
from rtd.model.schedule import CatchUp

#: Why a task does not start although its condition is true.
DISABLED: Final = "it was disabled"
PAUSED: Final = "all tasks were disabled"
RUNNING: Final = "a run of its own was still going"
FAILING: Final = "its runs end at once and without success: it waits before it starts again"
ONCE: Final = "it starts once each time that its condition comes true"


class Prediction(NamedTuple):
    """The value of a condition at a later moment if no event comes before it."""

    at_us: int
    value: bool
    until_us: int


class ScheduledTask:
    """A task with a start condition.

    Only its methods change its state, but for two attributes: `wake_us` belongs to
    `rtd.planner.agenda.Agenda`, and `prediction` to `rtd.planner.predict` and all that discard it.

    Attributes:
        custom_ids: the custom conditions that the condition names.
        enabled: the task may start by its condition.
        due_us: since when the condition is true; None: it is false.
        newly_true: the condition came true at `due_us`; else it has been true since before the
            latest start.
        skip_reason: why the task did not start when it was due; empty if nothing held it.
        last_due_us: the due moment of the latest occurrence.
        served_since_us: when rtd first served the task; earlier due moments do not count.
        catch_ups: misfires that the task is to catch up on, `(due moment, reason)`, oldest first.
        wake_us: when time may change the condition; NEVER: only an event can.
        prediction: the value of the condition at `wake_us`; None after an event.
    """

    __slots__ = (
        "catch_up",
        "catch_ups",
        "condition",
        "custom_ids",
        "due_us",
        "enabled",
        "last_due_us",
        "name",
        "newly_true",
        "overlap",
        "prediction",
        "served_since_us",
        "skip_reason",
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
        self.enabled = True
        self.due_us: int | None = None
        self.newly_true = False
        self.skip_reason = ""
        self.last_due_us = 0
        self.served_since_us = 0
        self.catch_ups: list[tuple[int, str]] = []
        self.wake_us = NEVER
        self.prediction: Prediction | None = None

    def evaluate(self, view: View) -> Evaluation:
        """Return whether the condition is certainly true, and until when that holds.

        A custom condition without a value in the view is neither true nor false.
        """
        if not self.custom_ids:
            return self.condition.evaluate(view)
        known = evaluate_partially(self.condition, view)
        return known.value is True, known.until

    def enable(self, enabled: bool) -> None:
        """Let the task start by its condition, or not."""
        self.enabled = enabled

    def serve_since(self, at_us: int) -> None:
        """Set when rtd first served the task."""
        self.served_since_us = at_us

    def mark_true(self, at_us: int) -> None:
        """Record that the condition is true: the task is due, unless it was due already."""
        if self.due_us is None:
            self.due_us, self.newly_true = at_us, True

    def mark_false(self) -> None:
        """Record that the condition is false."""
        self.due_us, self.skip_reason = None, ""

    def mark_held(self, reason: str) -> None:
        """Record why the task does not start though it is due."""
        self.skip_reason = reason

    def mark_started(self, due_us: int) -> None:
        """Record a start for a due moment."""
        self.use_up(due_us)
        self.due_us, self.skip_reason = None, ""

    def mark_still_true(self, at_us: int) -> None:
        """Record that the condition is true right after a start: no new due moment."""
        self.due_us, self.newly_true = at_us, False

    def use_up(self, due_us: int) -> None:
        """Make no other occurrence of this due moment, nor of an earlier one."""
        self.last_due_us = max(self.last_due_us, due_us)

    def set_back(self, now_us: int) -> None:
        """Move the due moments that lie in the future to now: the clock was set back."""
        self.last_due_us = min(self.last_due_us, now_us - 1)
        if self.due_us is not None:
            self.due_us = min(self.due_us, now_us)

    def add_catch_up(self, due_us: int, reason: str) -> None:
        """Catch up on a misfire later, after those that were added before."""
        self.catch_ups.append((due_us, reason))
        self.use_up(due_us)

    def take_catch_up(self) -> tuple[int, str]:
        """Remove the oldest catch-up and return it."""
        return self.catch_ups.pop(0)

    def replace_catch_up(self, due_us: int, reason: str | None) -> None:
        """Drop the catch-up for a due moment; with a reason, put one back in its order."""
        self.use_up(due_us)
        self.catch_ups = [one for one in self.catch_ups if one[0] != due_us]
        if reason is not None:
            self.catch_ups = sorted([*self.catch_ups, (due_us, reason)])
