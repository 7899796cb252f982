"""`daily after 08:00`: may the task run? Once in each occurrence of the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from re import Match
from typing import ClassVar

from rtd.language.core.evaluation import ME, Evaluation, Poll
from rtd.language.core.leaf import Form, Leaf, optional_text_part
from rtd.language.core.run_history import ACTIONS, ENDS
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View
from rtd.language.time.limits import EXAMPLES, limit_window, parse_limit
from rtd.language.time.points_in_cycle import Cycle
from rtd.language.time.windows import Window, WindowInterval

ADVERBS = {cycle.adverb: cycle for cycle in Cycle}


@dataclass(frozen=True, slots=True, repr=False)
class Periodic(Leaf):
    """The window is open and not used up: no run of this task has ended in it or is running.

    A run uses up the window if it ends in it, whether it succeeds or fails, also if it started
    before the window. A run that started in the window blocks it while it is running. A run that
    was cancelled before it started does not use up the window, unless the schedule started it.
    """

    window: Window
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.TIME})

    def evaluate(self, view: View) -> Evaluation:
        found = self.window.interval_at(view.zone, view.now_us)
        if found is None or self._used(view, found) is not None:
            if found and self.window.gapless:
                return False, found.end_us
            return False, self.window.next_start(view.zone, view.now_us)
        return True, NEVER if self.window.gapless else found.end_us

    def _used(self, view: View, found: WindowInterval) -> tuple[str, int] | None:
        """The event that used the occurrence up, and when."""
        ended = view.last_end()
        if ended is not None and ended >= found.start_us:
            if ended == view.latest(view.task, ENDS):
                return "the last run of this task ended", ended
            return "the start time was used up without a run", ended
        for started in view.running(view.task):
            if started >= found.start_us:
                return "this task has been running since", started
        return None

    def fact(self, view: View) -> str:
        following = view.format_time(self.window.next_start(view.zone, view.now_us))
        found = self.window.interval_at(view.zone, view.now_us)
        if found is None:
            return f"it is {view.format_time(view.now_us)}, the window opens next at {following}"
        since = f"the window has been open since {view.format_time(found.start_us)}"
        used = self._used(view, found)
        if used:
            return (
                f"{used[0]} {view.format_time(used[1])}, and {since}; it opens again at {following}"
            )
        return f"{since}, and no run of this task has ended in it or is running"

    def events(self) -> Iterator[tuple[str, str]]:
        return ((ME, action) for action in ACTIONS)

    def __str__(self) -> str:
        return f"{self.window.cycle.adverb} {self.window}".rstrip()

    def before(self, end: str) -> Periodic:
        """From the start of the cycle to `end`; a day named as an end is meant whole."""
        return self._limited(f"before {end}")

    def after(self, start: str) -> Periodic:
        """From `start` to the end of the cycle."""
        return self._limited(f"after {start}")

    def between(self, start: str, end: str) -> Periodic:
        """From `start` to `end`, over the end of the cycle when `start` is the later one."""
        return self._limited(f"between {start} and {end}")

    def on(self, start: str) -> Periodic:
        """One smaller unit from `start`: an hour of a day, a day of a week."""
        return self._limited(f"on {start}")

    def starting(self, start: str) -> Periodic:
        """The cycle moved to begin at `start`, without gaps."""
        return self._limited(f"starting {start}")

    def _limited(self, limit: str) -> Periodic:
        return Periodic(limit_window(self.window, limit))


def read(match: Match[str]) -> Periodic:
    """Make the leaf of its text."""
    return Periodic(parse_limit(ADVERBS[match[1]], optional_text_part(match, 2)))


Periodic.forms = tuple(
    Form(
        (adverb,), rf"({adverb})(?: (.+))?", read, (adverb, f"{adverb} after {EXAMPLES[cycle][0]}")
    )
    for adverb, cycle in ADVERBS.items()
)
