"""`has succeeded today`, `task 'x' has failed past 2 hours`: an event of the past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from re import Match
from typing import ClassVar

from rtd.language.core.durations import format_span, parse_span, span_us
from rtd.language.core.errors import ConditionError
from rtd.language.core.evaluation import ME, Evaluation, Poll
from rtd.language.core.leaf import Form, Leaf, optional_text_part, text_part
from rtd.language.core.run_history import (
    ENDS,
    FAIL,
    INACTION,
    RUN,
    SUCCESS,
    TERMINATE,
    UNSUCCESSFUL,
)
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View
from rtd.language.text.quoted_names import QUOTED, quote, unquote
from rtd.language.time.limits import limit_window, parse_limit
from rtd.language.time.points_in_cycle import Cycle
from rtd.language.time.windows import Window

STATUSES: dict[str, tuple[str, ...]] = {
    "succeeded": (SUCCESS,),
    "failed": (FAIL,),
    "terminated": (TERMINATE,),
    "unsuccessful": UNSUCCESSFUL,
    "started": (RUN,),
    "finished": ENDS,
    "inacted": (INACTION,),
}
#: How a past status is said after `has`, where that is not the status itself.
_SAID = {"unsuccessful": "been unsuccessful"}
_STATUS_OF = {_SAID.get(status, status): status for status in STATUSES}
CURRENT = {cycle.current: cycle for cycle in Cycle}


@dataclass(frozen=True, slots=True, repr=False)
class Has(Leaf):
    """A run of the task has this status: ever, in the past span, or in the current window."""

    task: str
    status: str
    past_us: int = 0
    window: Window | None = None
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.TIME})

    def evaluate(self, view: View) -> Evaluation:
        if self.task and not view.exists(self.task):
            return False, NEVER
        name, actions = self.task or view.task, STATUSES[self.status]
        latest = view.latest(name, actions)
        if latest is None:
            return False, NEVER
        if self.past_us:
            until = latest + self.past_us + 1
            return (True, until) if until > view.now_us else (False, NEVER)
        if self.window is None:
            return True, NEVER
        found, until = self.window.current_interval(view.zone, view.now_us)
        if found is None or found.start_us > latest:
            return False, NEVER
        last = min(view.now_us, found.end_us - 1)
        seen = view.latest_in(name, actions, found.start_us, last)
        return (False, NEVER) if seen is None else (True, until)

    def fact(self, view: View) -> str:
        who = f"{self.task} " if self.task else "this task "
        if self.task and not view.exists(self.task):
            return f"no task is named {quote(self.task)}"
        latest = view.latest(self.task or view.task, STATUSES[self.status])
        if latest is None:
            return f"{who}{describe_past(self.status, 'never')}"
        said = f"{who}{describe_past(self.status, 'last')} {view.format_time(latest)}"
        if self.past_us:
            inside = latest >= view.now_us - self.past_us
            return (
                f"{said}, {'within' if inside else 'before'} the past {format_span(self.past_us)}"
            )
        if self.window is None:
            return said
        found, _ = self.window.current_interval(view.zone, view.now_us)
        if found is None or found.start_us > view.now_us:
            return f"{said}, and the window has not opened yet"
        window = (
            f"the window is {view.format_time(found.start_us)} to {view.format_time(found.end_us)}"
        )
        return f"{said}, {window}"

    def events(self) -> Iterator[tuple[str, str]]:
        return ((self.task or ME, action) for action in STATUSES[self.status])

    def __str__(self) -> str:
        who = f"task {quote(self.task)} " if self.task else ""
        words = f"{who}has {_SAID.get(self.status, self.status)}"
        if self.past_us:
            return f"{words} past {format_span(self.past_us)}"
        if self.window is None:
            return words
        return f"{words} {self.window.cycle.current} {self.window}".rstrip()

    def past(self, span: str | timedelta) -> Has:
        """In the span before now."""
        return replace(self._bare(), past_us=span_us(span))

    @property
    def this_minute(self) -> Has:
        """In the current minute; limit it with `before`, `after`, `between`..."""
        return replace(self._bare(), window=Window(Cycle.MINUTE))

    @property
    def this_hour(self) -> Has:
        """In the current hour."""
        return replace(self._bare(), window=Window(Cycle.HOUR))

    @property
    def today(self) -> Has:
        """In the current day."""
        return replace(self._bare(), window=Window(Cycle.DAY))

    @property
    def this_week(self) -> Has:
        """In the current week."""
        return replace(self._bare(), window=Window(Cycle.WEEK))

    @property
    def this_month(self) -> Has:
        """In the current month."""
        return replace(self._bare(), window=Window(Cycle.MONTH))

    def before(self, end: str) -> Has:
        """From the start of the cycle to `end`; a day named as an end is meant whole."""
        return self._limited(f"before {end}")

    def after(self, start: str) -> Has:
        """From `start` to the end of the cycle."""
        return self._limited(f"after {start}")

    def between(self, start: str, end: str) -> Has:
        """From `start` to `end`, over the end of the cycle when `start` is the later one."""
        return self._limited(f"between {start} and {end}")

    def on(self, start: str) -> Has:
        """One smaller unit from `start`."""
        return self._limited(f"on {start}")

    def starting(self, start: str) -> Has:
        """The cycle moved to begin at `start`."""
        return self._limited(f"starting {start}")

    def _limited(self, limit: str) -> Has:
        if self.window is None:
            raise ConditionError(f"say first in which cycle: .today, .this_week..., then {limit}")
        return replace(self, window=limit_window(self.window, limit))

    def _bare(self) -> Has:
        if self.past_us or self.window:
            raise ConditionError(f"`{self}` has its time already")
        return self


def describe_past(status: str, when: str) -> str:
    """Return the predicate: `last failed`, `never failed`, `was never unsuccessful`.

    Args:
        when: `last` or `never`.
    """
    passive = status == "unsuccessful" or (status == "terminated" and when == "last")
    return f"{'was ' * passive}{when} {status}"


def read(match: Match[str]) -> Has:
    """Make the leaf of its text."""
    task = unquote(text_part(match, 1)) if match[1] else ME
    status = _STATUS_OF[match[2]]
    if match[3]:
        return Has(task, status, parse_span(text_part(match, 3)))
    if match[4]:
        return Has(task, status, 0, parse_limit(CURRENT[match[4]], optional_text_part(match, 5)))
    return Has(task, status)


TIMES = rf"(?: (?:in )?past (.+)| ({'|'.join(CURRENT)})(?: (.+))?)?"
Has.forms = (
    Form(
        ("has", "task"),
        rf"(?:task ({QUOTED}) )?has ({'|'.join(_STATUS_OF)}){TIMES}",
        read,
        tuple(
            f"{who}has {status}{tail}"
            for who in ("", "task 'name' ")
            for status in _STATUS_OF
            for tail in ("", " past 2 hours", " today", " today after 08:00")
        ),
    ),
)
