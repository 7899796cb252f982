"""`time of day between 10:00 and 12:00`: now is in the window."""

from __future__ import annotations

from dataclasses import dataclass
from re import Match
from typing import ClassVar

from rtd.language.core.errors import Problem, TextPart
from rtd.language.core.evaluation import Evaluation, Poll
from rtd.language.core.leaf import Form, Leaf, text_part
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View
from rtd.language.time.limits import EXAMPLES, parse_limit
from rtd.language.time.points_in_cycle import Cycle
from rtd.language.time.windows import Window


@dataclass(frozen=True, slots=True, repr=False)
class TimeOf(Leaf):
    """The window is open, whether or not the task has run."""

    window: Window
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.TIME})

    def evaluate(self, view: View) -> Evaluation:
        if self.window.gapless:
            return True, NEVER
        found = self.window.interval_at(view.zone, view.now_us)
        if found:
            return True, found.end_us
        return False, self.window.next_start(view.zone, view.now_us)

    def fact(self, view: View) -> str:
        now = f"it is {view.format_time(view.now_us)}"
        if self.window.gapless:
            return f"{now}, and the window has no gaps"
        found = self.window.interval_at(view.zone, view.now_us)
        if found:
            return f"{now}, in the window until {view.format_time(found.end_us)}"
        opens = self.window.next_start(view.zone, view.now_us)
        return f"{now}, the window opens next at {view.format_time(opens)}"

    def __str__(self) -> str:
        return f"time of {self.window.cycle.value} {self.window}"


def read_limit(cycle: Cycle, limit: TextPart) -> TimeOf:
    """The leaf for a cycle and a limit; `on` only where it names a day."""
    window = parse_limit(cycle, limit)
    allowed = ["before", "after", "between"]
    if cycle in (Cycle.WEEK, Cycle.MONTH):
        allowed.append("on")
    if window.kind not in allowed:
        message = f"`time of {cycle.value}` takes {', '.join(allowed)}, not {window.kind}"
        raise limit.problem(message, f"after {EXAMPLES[cycle][0]}")
    return TimeOf(window)


def read(match: Match[str]) -> TimeOf:
    """Make the leaf of its text."""
    cycle = Cycle(match[1])
    if match[2] is None:
        example = f"{match[0]} after {EXAMPLES[cycle][0]}"
        raise Problem("`time of` needs a limit", match.end(), example)
    return read_limit(cycle, text_part(match, 2))


TimeOf.forms = (
    Form(
        ("time",),
        r"time of (minute|hour|day|week|month)(?: (.+))?",
        read,
        tuple(f"time of {c.value} after {EXAMPLES[c][0]}" for c in Cycle),
    ),
)
