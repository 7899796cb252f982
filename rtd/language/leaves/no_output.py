"""A run that does the same for too long: `running past 2 hours`, `no output past 10 minutes`."""

from __future__ import annotations

from dataclasses import dataclass
from re import Match
from typing import ClassVar

from rtd.language.core.durations import SECOND, format_span, parse_span
from rtd.language.core.evaluation import Evaluation, Poll
from rtd.language.core.leaf import Form, Leaf, text_part
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View

UNWATCHED = "no run is being watched"


@dataclass(frozen=True, slots=True, repr=False)
class RunningPast(Leaf):
    """The run has been running for longer than this."""

    span_us: int
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.TIME, Poll.SAMPLE})

    def evaluate(self, view: View) -> Evaluation:
        if view.sample is None:
            return False, NEVER
        return evaluate_elapsed(view, view.sample.started_at, self.span_us)

    def fact(self, view: View) -> str:
        if view.sample is None:
            return UNWATCHED
        return f"the run began {view.format_time(round(view.sample.started_at * SECOND))}"

    def __str__(self) -> str:
        return f"running past {format_span(self.span_us)}"


@dataclass(frozen=True, slots=True, repr=False)
class NoOutputPast(Leaf):
    """The run has written no output for longer than this, at first counted from its start."""

    span_us: int
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.TIME, Poll.SAMPLE})

    def evaluate(self, view: View) -> Evaluation:
        sample = view.sample
        if sample is None:
            return False, NEVER
        since = sample.started_at if sample.output_at is None else sample.output_at
        return evaluate_elapsed(view, since, self.span_us)

    def fact(self, view: View) -> str:
        sample = view.sample
        if sample is None:
            return UNWATCHED
        if sample.output_at is None:
            began = view.format_time(round(sample.started_at * SECOND))
            return f"the run has written nothing since it began {began}"
        return f"the run last wrote something {view.format_time(round(sample.output_at * SECOND))}"

    def __str__(self) -> str:
        return f"no output past {format_span(self.span_us)}"


def evaluate_elapsed(view: View, since_at: float, span_us: int) -> Evaluation:
    """Whether more than the span has passed since then."""
    edge = round(since_at * SECOND) + span_us + 1
    return (True, NEVER) if view.now_us >= edge else (False, edge)


def read_running(match: Match[str]) -> RunningPast:
    """Make the leaf of its text."""
    return RunningPast(parse_span(text_part(match, 1)))


def read_no_output(match: Match[str]) -> NoOutputPast:
    """Make the leaf of its text."""
    return NoOutputPast(parse_span(text_part(match, 1)))


RunningPast.forms = (
    Form(("running",), r"running past (.+)", read_running, ("running past 2 hours",)),
)
NoOutputPast.forms = (
    Form(("no",), r"no output past (.+)", read_no_output, ("no output past 10 minutes",)),
)
