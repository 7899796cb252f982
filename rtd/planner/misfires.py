"""Due moments that nobody could fire, and what the catch-up policy says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rtd.language.time.durations import SECOND
from rtd.model.schedule import CatchUp
from rtd.planner.due_moments import due_moments
from rtd.planner.entry import RUNNING, ScheduledTask
from rtd.planner.occurrence import Occurrence, OccurrenceVerdict

if TYPE_CHECKING:
    from rtd.planner.planner import Planner

#: Of one task at one time; what lies before the latest of them is told by one record.
MAX_OCCURRENCES: Final = 1000


def resolve_misfires(
    planner: Planner, entry: ScheduledTask, from_us: int, to_us: int, why: str
) -> list[Occurrence]:
    """A record for each due moment of a task in (from, to]; what is to run goes into its backlog.

    Args:
        why: why nobody fired them, as the beginning of a sentence.
    """
    view = planner.view_of(entry, to_us)
    if entry.backlog:
        from_us = max(from_us, entry.backlog[-1][0])
    dues = [
        due for due in due_moments(entry, planner.history, view, from_us, to_us) if due > from_us
    ]
    if planner.history.active_runs(entry.name) and not entry.overlap:
        began = max(from_us, planner.history.last_activity_us(entry.name))
        reason = f"{why}; {RUNNING}"
        return [
            Occurrence(entry.name, due, OccurrenceVerdict.SKIPPED, reason)
            for due in dues
            if due > began
        ][-MAX_OCCURRENCES:]
    if not dues:
        return []
    still_true = entry.evaluate(planner.view_of(entry, to_us))[0]
    runs, reason = choose_catch_up(entry.catch_up, dues, to_us, still_true)
    said = f"{why}; {reason}"
    entry.backlog = [*(entry.backlog or ()), *((due, said) for due in runs)]
    entry.last_us = max(entry.last_us, dues[-1])
    if not runs:
        planner.history.use_up(entry.name, dues[-1])
    verdict = OccurrenceVerdict.COALESCED if runs else OccurrenceVerdict.MISSED
    left = [due for due in dues if due not in set(runs)][-MAX_OCCURRENCES:]
    told = [Occurrence(entry.name, due, verdict, said) for due in left]
    return told + [Occurrence(entry.name, due, OccurrenceVerdict.OWED, said) for due in runs]


def choose_catch_up(
    policy: CatchUp, dues: Sequence[int], now_us: int, still_true: bool
) -> tuple[Sequence[int], str]:
    """The due moments that are made up for, and the policy in words.

    Args:
        dues: at least one, in order. still_true: whether the condition is true now.
    """
    last = dues[-1:]
    if policy.kind == "all":
        return dues[-MAX_OCCURRENCES:], "catch_up is 'all'"
    if policy.kind == "last":
        return last, "catch_up is 'last'"
    if policy.kind == "within":
        inside = now_us - dues[-1] <= policy.span_s * SECOND
        ago = f"the latest was {(now_us - dues[-1]) / SECOND:.0f} s ago"
        return (last if inside else ()), f"catch_up is within {policy.span_s:g} s, {ago}"
    if policy.kind == "if true":
        word = "still" if still_true else "not any more"
        return (last if still_true else ()), f"catch_up is 'if true', and it is {word} true"
    return (), "catch_up is 'none'"
