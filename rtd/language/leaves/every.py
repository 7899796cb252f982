"""`every 10 minutes`: no run of this task started lately."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from re import Match
from typing import ClassVar

from rtd.language.core.durations import format_span, parse_span
from rtd.language.core.evaluation import ME, Evaluation, Poll
from rtd.language.core.leaf import Form, Leaf, text_part
from rtd.language.core.run_history import RUN
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View


@dataclass(frozen=True, slots=True, repr=False)
class Every(Leaf):
    """No run of this task has started within the last span, its ends included."""

    span_us: int
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.TIME})

    def evaluate(self, view: View) -> Evaluation:
        started = view.last_start()
        if started is None or started < view.now_us - self.span_us:
            return True, NEVER
        return False, started + self.span_us + 1

    def fact(self, view: View) -> str:
        started = view.last_start()
        if started is None:
            return "this task never started"
        due = started + self.span_us
        turn = "has been due since" if due < view.now_us else "is due after"
        last = view.format_time(started)
        if started != view.latest(view.task, (RUN,)):
            return f"a start was used up without a run {last}, and {turn} {view.format_time(due)}"
        return f"this task last started {last}, and {turn} {view.format_time(due)}"

    def events(self) -> Iterator[tuple[str, str]]:
        yield ME, RUN

    def __str__(self) -> str:
        return f"every {format_span(self.span_us)}"


def read(match: Match[str]) -> Every:
    """Make the leaf of its text."""
    return Every(parse_span(text_part(match, 1)))


Every.forms = (Form(("every",), r"every ?(.*)", read, ("every 10 minutes",)),)
