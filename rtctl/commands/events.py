"""`rtctl events`: what happens, as it happens."""

from __future__ import annotations

import json
import sys

from rtctl.cli.flags import Flag, UsageError, suggest
from rtctl.cli.resolve_names import say_unknown_task
from rtctl.cli.screen import clean, shorten
from rtd.common.format_units import format_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import Event

USAGE = "events"
FLAGS = (
    Flag("-f/--follow", "print new events until interrupted"),
    Flag("-n/--limit", "the most past events (default: 100)", "int", "N"),
    Flag("--since", "only events since then (`10m`, `08:00`), or after the event of this id",
         "text", "TIME"),
    Flag("--until", "only events before then", "text", "TIME"),
    Flag("--task", "only events of this task", "text", "TASK"),
    Flag("--run", "only events of this run", "text", "RUN"),
    Flag("--type", "only events of this name (may be repeated)", "text", "NAME",
         many=True),
)  # fmt: skip
#: How many past events are shown where the caller does not say.
USUAL = 100
#: The ids of a stream are milliseconds and a number of 64 bits within each.
LAST_OF_A_MS = 2**64 - 1
#: The names of rtd's own events.
NAMES = ("queued", "started", "succeeded", "error", "exception", "terminated", "lost", "cancelled",
         "retry", "requeued", "progress")  # fmt: skip
#: What the table and other verbs call them, with the names; a task may emit these words, too.
_WORDS = {
    "submitted": ("queued",),
    "finished": ("succeeded", "error", "exception", "terminated", "lost", "cancelled"),
    "ended": ("succeeded", "error", "exception", "terminated", "lost", "cancelled"),
    "failed": ("error", "exception", "lost"),
    "unsuccessful": ("error", "exception", "lost", "terminated"),
    "emitted": (),
}
MORE = """Prints past events, the oldest first. -f prints new events as they happen; with --since
it prints past ones first. -o jsonl prints all fields, one event a line. Names: queued,
started (while a client follows), succeeded, error, exception, terminated, lost,
cancelled, retry, requeued, progress, and those that tasks emit. Words for several are
`submitted`, `finished` (all ends), `failed` and `unsuccessful`. --until 06:00 is the first 06:00
after a --since such as 22:00; without it, today's."""


def run(context: CommandContext) -> int:
    """Print the events, line by line."""
    args = context.args
    context.targets(0, 0, "target")
    if args.run == "":
        raise UsageError("events: --run is empty: name a run")
    since = None if args.since is None else _since(args.since)
    until = None if args.until is None else _until(args)
    if args.follow and args.task is not None and not context.is_json:
        say_unknown_task(context, args.task)  # else it would wait for ever without a word
    types = _types(context, args.type)
    if args.follow and since is None:
        # From now on, also if the daemon restarts before the first event.
        since = _newest(context).get("last")
    limit = USUAL if args.limit is None else args.limit
    # One more tells whether some are left out. With --since a `last` beyond those shown would
    # make the next call miss one.
    wanted = limit + (args.limit is None and since is None)
    parts = context.rpc.events(
        follow=args.follow, since=since if until is None else since or "0-0",
        limit=wanted if until is None else None,
        task=args.task, run=args.run, type=types,
    )  # fmt: skip
    try:
        found = () if args.follow else (e for e in parts if until is None or e["at"] <= until)
        past = None if args.follow else _cut(context, list(found), limit, since)
        answer = _newest(context, since) if past is None else dict(parts.answer or {})
        late = bool(answer.get("trimmed"))
        if late:
            _say_gap(context)
        shown = _telling(context, parts if past is None else past, late)
        if context.format == "json":
            context.print_json({"events": [_own(event) for event in shown], **(parts.answer or {})})
            return 0
        for event in shown:
            if context.format == "jsonl":
                context.print_json({"events": [_own(event)]}, rows="events")
            else:
                context.screen.print_out(_line(context, event))
            sys.stdout.flush()
            context.goes_on = f"`rtctl events -f --since {event['id']}` continues behind these"
    finally:
        parts.close()
    if past == [] and args.task is not None and not context.is_json:
        say_unknown_task(context, args.task)
    if past == [] and not context.is_json:
        _say_unknown_types(context, types)
    return 0


def _types(context: CommandContext, words: list[str]) -> list[str]:
    """Return the names of events, also for the words that the table shows for them."""
    types: list[str] = []
    for word in words:
        types += [word, *_WORDS.get(word, ())]
    if context.args.follow and not context.is_json:
        _say_unknown_types(context, types)
    return types


def _say_unknown_types(context: CommandContext, types: list[str]) -> None:
    """Print a line on names that no event of rtd has."""
    for name in types:
        if name not in NAMES and name not in _WORDS:
            hint = suggest(name, NAMES) or f"; rtd's own are {', '.join(NAMES)}"
            context.screen.print_err(f"rtctl: only a task can emit an event {name!r}{hint}")


def _cut(
    context: CommandContext, events: list[Event], limit: int, since: str | None
) -> list[Event]:
    """Return the events to show, and have it said if there may be more."""
    if since is None:
        return context.cut(events, limit, from_end=True)
    if len(events) >= limit:
        context.say_cut(limit)
    return events[:limit]


def _newest(context: CommandContext, since: str | None = None) -> dict[str, Any]:
    """Return the id of the newest event there is, or whether some behind this one are gone."""
    parts = context.rpc.events(limit=0, since=since)
    for _ in parts:
        pass
    return dict(parts.answer or {})


def _telling(context: CommandContext, events: Iterable[Event], told: bool) -> Iterator[Event]:
    """Yield events; say where some are gone before one, unless the first time is said already."""
    for event in events:
        if event.get("gap"):
            if not told:
                _say_gap(context)
            told = False
        yield event


def _say_gap(context: CommandContext) -> None:
    """Say that the cursor came too late."""
    context.screen.print_err(
        "rtctl: it came too late for some events, which are gone; those that follow are the oldest"
    )


def _since(text: str) -> str:
    """Return an event's id as it is; for a time, the last id that is possible before it."""
    from rtctl.cli.parse_time import parse_since  # lazy: it needs datetime and re

    first, _, second = text.partition("/")[0].partition("-")
    if first.isdecimal() and second.partition(":")[0].isdecimal():
        return text
    try:
        at_ms = int(parse_since(text) * 1000)
    except UsageError as error:
        raise UsageError(f"events: --since: {error.sentence}, or an event's id") from None
    return f"{at_ms - 1}-{LAST_OF_A_MS}" if at_ms > 0 else "0-0"


def _until(args: Any) -> float:
    """Return the epoch seconds of the end of the span of past events."""
    from rtctl.cli.parse_time import parse_flag, parse_until  # lazy: it needs datetime and re

    if args.follow:
        raise UsageError("events: --until is for past events; -f ends when it is interrupted")
    return parse_flag("events", "--until", args.until, lambda text: parse_until(text, args.since))


def _own(event: Event) -> dict[str, object]:
    return {name: value for name, value in event.items() if name != "sub"}


def _line(context: CommandContext, event: Event) -> str:
    state = event["state"] or ""
    words = [
        format_time(event["at"], has_ms=True),
        event["run"] or "-",
        clean(event["task"] or "-"),
        event["what"],
        context.screen.paint(state, state) if state != event["what"] else "",
        _detail(event),
    ]
    return "  ".join(word for word in words if word)


def _detail(event: Event) -> str:
    detail = event["detail"]
    if event["what"] in ("emitted", "progress"):
        data = "" if event["data"] is None else json.dumps(event["data"], ensure_ascii=False)
        name = "" if event["what"] == event["event"] else clean(event["event"]) + "  "
        return f"{name}{shorten(clean(data))}".rstrip()
    if event["what"] == "submitted":
        # One event for a whole chunk; the run is its first.
        return f"and {detail - 1:,} more" if isinstance(detail, int) and detail > 1 else ""
    text = detail if isinstance(detail, str) else json.dumps(detail, ensure_ascii=False)
    return "" if detail is None else shorten(clean(text))
