"""`rtctl cond`: evaluate a condition without a daemon. Only this command needs `rtd.language`."""

from __future__ import annotations

import os
from datetime import datetime

from rtctl.cli.flags import Flag, UsageError
from rtctl.cli.parse_time import parse_flag, parse_when
from rtctl.cli.screen import clean
from rtd.common.format_units import format_time
from rtd.common.local_timezone import local_timezone
from rtd.language.core.condition import Condition
from rtd.language.core.errors import ConditionError
from rtd.language.core.evaluation import ME, Poll
from rtd.language.core.explanation import Explanation
from rtd.language.core.view import View, World
from rtd.language.parser import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from rtctl.cli.context import CommandContext

USAGE = "cond 'CONDITION'"
FLAGS = (
    Flag("--at", "at another moment (`08:00`, `2026-01-31 08:00`; default: now)", "text", "TIME"),
    Flag("--tz", "the time zone of its local times (IANA; default: this host's)", "text", "ZONE"),
    Flag("--task", "the task that it is assigned to", "text", "TASK"),
)
MORE = """Prints the value of the condition, the fact behind each of its parts, and its next
changes. Without a daemon it counts as if no task had ever run. Environment variables
are those of this shell. -q prints only true or false. Exit code 2: the condition is
wrong."""

#: How many changes are shown.
CHANGES = 5
#: The search ends after this many moments without a change.
MOST_STEPS = 20_000
USAGE_CODE = 2
_POLLED = {
    Poll.SCHEDULER: "the scheduler",
    Poll.SAMPLE: "what the run uses",
    Poll.HOST: "the host's memory and load",
    Poll.CUSTOM: "the app's own conditions",
    Poll.PARAMS: "parameters and variables",
}


def run(context: CommandContext) -> int:
    """Print the value of the condition, the facts behind it, and its next changes."""
    text = " ".join(context.targets(1, None, "condition"))
    try:
        condition = parse(text)
    except ConditionError as error:
        context.screen.print_err(f"rtctl: cond: {error}")
        return USAGE_CODE
    view = _view(context.args)
    explained = condition.explain(view)
    if context.is_json:
        context.print_json(_answer(condition, view, explained), rows="changes")
    elif context.quiet:
        context.screen.print_out("true" if explained.value else "false")
    else:
        _show(context, condition, view, explained)
    return 0


def _view(args: Any) -> View:
    """Return the view of the moment in its zone, without a history."""
    if args.tz == "":
        raise UsageError("cond: --tz is empty: name a time zone such as Europe/Helsinki")
    zone = local_timezone() if args.tz is None else args.tz
    try:
        now = View(0.0, tz=zone).now.tzinfo
    except ValueError as error:
        raise UsageError(f"cond: --tz: {error}") from None
    moment = datetime.now(now)
    at = round(moment.timestamp(), 3)
    if args.at is not None:
        at = parse_flag("cond", "--at", args.at, lambda text: parse_when(text, moment))
    try:
        return View(at, args.task or ME, tz=zone, world=World(env=os.environ))
    except (ValueError, OverflowError):
        raise UsageError(f"cond: --at: {args.at!r} is not in the years 1900 to 8999") from None


class ValueChanges:
    """The next moments at which time alone changes the value.

    Attributes:
        changes: when, and to what.
        until: the moment where the search gave up; None: it found enough.
    """

    def __init__(self, condition: Condition, view: View) -> None:
        self.changes: list[tuple[datetime, bool]] = []
        self.until: datetime | None = None
        value, until = condition.evaluate(view)
        for _ in range(MOST_STEPS):
            moment = view.to_datetime(until)
            if moment is None or len(self.changes) == CHANGES:
                return
            view = view.later(until)
            before = value
            value, until = condition.evaluate(view)
            if value is not before:
                self.changes.append((moment, value))
        self.until = view.now


def _others(condition: Condition) -> list[str]:
    """Return what else than time can change the condition, in words."""
    by_task: dict[str, set[str]] = {}
    for task, action in condition.watches():
        by_task.setdefault(task, set()).add(action)
    found = ["its own runs"] if by_task.pop(ME, None) else []
    found += [f"runs of {task}" for task in sorted(by_task)]
    polls = condition.polls()
    return found + [words for poll, words in _POLLED.items() if poll in polls]


def _answer(condition: Condition, view: View, explained: Explanation) -> dict[str, Any]:
    watched = sorted(condition.watches())
    ahead = ValueChanges(condition, view)
    return {
        "condition": str(condition),
        "task": view.task or None,
        "timezone": view.zone.name,
        "at": view.now.isoformat(),
        "value": explained.value,
        "explanation": explained.to_dict(),
        "changes": [{"at": at.isoformat(), "value": to} for at, to in ahead.changes],
        "searched_until": ahead.until and ahead.until.isoformat(),
        "watches": [{"task": task or view.task or None, "action": what} for task, what in watched],
        "polls": sorted(poll.value for poll in condition.polls()),
    }


def _show(
    context: CommandContext, condition: Condition, view: View, explained: Explanation
) -> None:
    screen = context.screen
    screen.print_out(f"at {_moment(view.now)} ({view.zone.name})")
    for line in _tree(context, explained, 1):
        screen.print_out(line)
    ahead = ValueChanges(condition, view)
    if ahead.changes:
        screen.print_out("then")
    elif ahead.until is None:
        screen.print_out("time alone does not change it")
    for moment, value in ahead.changes:
        screen.print_out(f"  {_value(context, value)}  {_moment(moment)}")
    if ahead.until is not None:
        screen.print_out(f"no further change was found up to {_moment(ahead.until)}")
    others = _others(condition)
    if others:
        screen.print_out(f"also changed by {', '.join(map(clean, others))}")


def _tree(context: CommandContext, explained: Explanation, depth: int) -> Iterator[str]:
    text = clean(f"{explained.text}: {explained.fact}")
    yield f"{'  ' * depth}{_value(context, explained.value)}  {text}"
    for child in explained.children:
        yield from _tree(context, child, depth + 1)


def _value(context: CommandContext, value: bool) -> str:
    if value:
        return context.screen.paint("true", "succeeded") + " "
    return context.screen.paint("false", "dim")


def _moment(at: datetime) -> str:
    """Return a local time with its day and zone: `Sat 2026-01-31 08:00:00 EET`."""
    return f"{at:%a} {format_time(at.timestamp(), at.tzinfo, has_ms=at.microsecond > 0)}"
