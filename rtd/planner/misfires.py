"""Misfires: due moments that passed while no scheduler ran, and their catch-up policies."""

from collections.abc import Sequence
from typing import Final

from rtd.language.core.durations import SECOND
from rtd.model.schedule import CatchUp
from rtd.planner.due_moments import due_moments
from rtd.planner.occurrence import Occurrence, OccurrenceVerdict
from rtd.planner.scheduled_task import RUNNING, ScheduledTask
from rtd.planner.view_factory import ViewFactory

#: Records for one task and one gap; the oldest misfires beyond that have none.
MAX_OCCURRENCES: Final = 1000


def resolve_misfires(
    task: ScheduledTask, views: ViewFactory, from_us: int, to_us: int, why: str
) -> list[Occurrence]:
    """Return a record for each misfire of a task in (from, to], and add its catch-ups to it.

    Args:
        why: why no scheduler ran, as the beginning of a sentence.
    """
    history = views.history
    resolved_us = task.last_due_us  # the scheduler before may have resolved a part of them
    from_us, view = max(from_us, resolved_us), views.view_of(task, to_us)
    found = due_moments(task, history, view, from_us, to_us, resolved_us=resolved_us)
    dues = [due for due in found if due > from_us]
    if history.active_runs(task.name) and not task.overlap:
        covered_from_us = max(from_us, history.last_activity_us(task.name))
        covered = [due for due in dues if due > covered_from_us][-MAX_OCCURRENCES:]
        return _records(task, covered, OccurrenceVerdict.SKIPPED, f"{why}; {RUNNING}")
    if not dues:
        return []
    still_true = task.evaluate(views.view_of(task, to_us))[0]
    catch_ups, policy = choose_catch_ups(task.catch_up, dues, to_us, still_true)
    reason = f"{why}; {policy}"
    for due_us in catch_ups:
        task.add_catch_up(due_us, reason)
    task.use_up(dues[-1])
    if not catch_ups:
        history.use_up(task.name, dues[-1])
    verdict = OccurrenceVerdict.COALESCED if catch_ups else OccurrenceVerdict.MISSED
    others = sorted(set(dues).difference(catch_ups))[-MAX_OCCURRENCES:]
    return [
        *_records(task, others, verdict, reason),
        *_records(task, catch_ups, OccurrenceVerdict.CATCH_UP, reason),
    ]


def _records(
    task: ScheduledTask, dues: Sequence[int], verdict: OccurrenceVerdict, reason: str
) -> list[Occurrence]:
    return [Occurrence(task.name, due_us, verdict, reason) for due_us in dues]


def choose_catch_ups(
    policy: CatchUp, dues: Sequence[int], now_us: int, still_true: bool
) -> tuple[Sequence[int], str]:
    """Return the misfires to catch up on, and the policy in words.

    Args:
        dues: the misfires, at least one, in order.
        still_true: the condition is true now.
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
        word = "still" if still_true else "no longer"
        text = f"catch_up is 'if true', and its condition was {word} true afterwards"
        return (last if still_true else ()), text
    return (), "catch_up is 'none'"
