"""Limits such as `between 08:00 and 10:00`, which make windows of cycles."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial

from rtd.language.core.errors import ConditionError, Problem, TextPart, parse_text
from rtd.language.time.points_in_cycle import Cycle, format_point, parse_point
from rtd.language.time.windows import Window

LIMITS = ("before", "after", "between", "on", "starting")
LIMIT = re.compile(r"(before|after|on|starting) (.+)|(between) (.+?) and (.+)", re.DOTALL)


def parse_limit(cycle: Cycle, part: TextPart | None) -> Window:
    """The window that a limit such as `between 08:00 and 10:00` makes of a cycle.

    None is the whole cycle.
    """
    if part is None:
        return Window(cycle)
    match = LIMIT.fullmatch(part.text)
    if not match:
        word = TextPart(part.text.split(" ")[0]).shown
        if word in LIMITS:
            example = EXAMPLES[cycle]
            if word == "between":
                hint = f"between {example[0]} and {example[1]}"
                raise part.problem("`between` needs two times", hint)
            raise part.problem(f"`{word}` needs a time", f"{word} {example[0]}")
        raise part.problem(
            f"`{word}` is not a limit (before, after, between ... and ..., on, starting)",
            _nearest_limit(cycle, part.text),
        )
    kind = match[1] or match[3]
    moments = [
        parse_point(cycle, TextPart(match[group], part.at + match.start(group)))
        for group in (2, 4, 5)
        if match[group] is not None
    ]
    if kind == "before":
        return Window(cycle, kind, None, moments[0])
    window = Window(cycle, kind, *moments)
    if window.is_unordered:
        message = "which of the two comes first differs from month to month"
        raise part.problem(message, f"on {format_point(cycle, moments[0])}")
    return window


def _nearest_limit(cycle: Cycle, text: str) -> str:
    """The limit that other words mean, or a point of time without a word; else an example."""
    word, _, rest = text.partition(" ")
    one = "on" if cycle in (Cycle.WEEK, Cycle.MONTH) else "after"
    near = {"at": one, "in": one, "from": "after", "since": "after", "past": "after"}
    near |= {"until": "before", "till": "before", "to": "before", "by": "before"}
    for found in (f"{near.get(word.lower(), one)} {rest}", f"{one} {text}"):
        with suppress(Problem):
            return str(parse_limit(cycle, TextPart(found)))
    return f"after {EXAMPLES[cycle][0]}"


def limit_window(window: Window, limit: str) -> Window:
    """The window of a cycle with a limit given by a program. Raises ConditionError."""
    if window.kind:
        raise ConditionError(f"`{window}` is a limit already; combine two conditions with & or |")
    return parse_text(partial(parse_limit, window.cycle), limit)


EXAMPLES = {
    Cycle.MINUTE: ("15", "45"),
    Cycle.HOUR: ("15:00", "45:00"),
    Cycle.DAY: ("08:00", "10:00"),
    Cycle.WEEK: ("Monday", "Friday"),
    Cycle.MONTH: ("1st", "15th"),
}
