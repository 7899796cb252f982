"""`scheduler started 10 minutes ago`, `scheduler has run over 1 hour`, `scheduler has 3 cycles`."""

from __future__ import annotations

from dataclasses import dataclass
from re import Match
from typing import ClassVar

from rtd.language.core.durations import format_span, parse_span
from rtd.language.core.evaluation import Evaluation, Poll
from rtd.language.core.leaf import Form, Leaf, text_part
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View


@dataclass(frozen=True, slots=True, repr=False)
class SchedulerUptime(Leaf):
    """The scheduler started within the last span (both ends included), or longer ago.

    Both are false while the start of the scheduler is unknown.
    """

    span_us: int
    longer: bool
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.TIME, Poll.SCHEDULER})

    def evaluate(self, view: View) -> Evaluation:
        if view.scheduler_started_us is None or view.scheduler_started_us > view.now_us:
            return False, NEVER if view.scheduler_started_us is None else view.scheduler_started_us
        edge = view.scheduler_started_us + self.span_us + 1
        over = view.now_us >= edge
        return over is self.longer, NEVER if over else edge

    def fact(self, view: View) -> str:
        if view.scheduler_started_us is None:
            return "it is not known when the scheduler started"
        return f"the scheduler started {view.format_time(view.scheduler_started_us)}"

    def __str__(self) -> str:
        span = format_span(self.span_us)
        return f"scheduler has run over {span}" if self.longer else f"scheduler started {span} ago"


@dataclass(frozen=True, slots=True, repr=False)
class SchedulerCycles(Leaf):
    """The scheduler has done more than, less than or exactly this number of cycles."""

    relation: str
    count: int
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.SCHEDULER})

    def evaluate(self, view: View) -> Evaluation:
        done = view.scheduler_cycles
        if self.relation == "more than":
            return done > self.count, NEVER
        return (done < self.count if self.relation else done == self.count), NEVER

    def fact(self, view: View) -> str:
        return f"the scheduler has done {view.scheduler_cycles} cycles"

    def __str__(self) -> str:
        return " ".join(f"scheduler has {self.relation} {self.count} cycles".split())


def read_ago(match: Match[str]) -> SchedulerUptime:
    """Make the leaf of its text."""
    return SchedulerUptime(parse_span(text_part(match, 1)), False)


def read_over(match: Match[str]) -> SchedulerUptime:
    """Make the leaf of its text."""
    return SchedulerUptime(parse_span(text_part(match, 1)), True)


def read_cycles(match: Match[str]) -> SchedulerCycles:
    """Make the leaf of its text."""
    return SchedulerCycles(match[1] or "", int(match[2]))


FIRST = ("scheduler",)
SchedulerUptime.forms = (
    Form(FIRST, r"scheduler started (.+) ago", read_ago, ("scheduler started 10 minutes ago",)),
    Form(FIRST, r"scheduler has run over (.+)", read_over, ("scheduler has run over 1 hour",)),
)
SchedulerCycles.forms = (
    Form(
        FIRST,
        r"scheduler has (?:(more than|less than) )?([0-9]{1,15}) cycles?",
        read_cycles,
        ("scheduler has more than 3 cycles", "scheduler has less than 3 cycles"),
    ),
)
