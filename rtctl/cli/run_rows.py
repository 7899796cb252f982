"""Texts about a run, and the table of `ls`."""

from __future__ import annotations

from time import time

from rtctl.cli.screen import ago, clean, short_duration, shorten
from rtd.common.format_units import format_bytes, format_duration, format_time, shown_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import Row

HEADS = ("ID", "TASK", "STATE", "QUEUE", "AGE", "TIME", "WHAT")
WIDE_HEADS = ("ID", "TASK", "STATE", "QUEUE", "LANE", "PRIO", "TRY", "SUBMITTED", "STARTED", "TIME",
        "CPU", "MEMORY", "PID", "BY", "LABELS", "PARAMETERS", "WHAT")  # fmt: skip
#: Characters of an id that a person can type; the end of it tells runs of one moment apart.
SHORT_ID = 8


def progress_text(row: Row) -> str:
    """Return the progress as `40% 4/10 hashing`, or an empty text.

    Nothing to do is done: 0 of 0 is 100%. Of more than 0 of 0 there is no share.
    """
    progress = row["progress"]
    if progress is None:
        return ""
    done, total = progress["done"], progress["total"]
    if total is None:
        return f"{done:g} {progress['text']}".strip()
    share = f"{100 * done / total:.0f}% " if total else "" if done else "100% "
    return f"{share}{done:g}/{total:g} {progress['text']}".strip()


def why_text(row: Row) -> str:
    """Return why a run ended. What a person has typed comes first, since long lines are cut:
    `no space left (killed by root)` for `killed by uid 0 (root) pid 7: no space left`."""
    why, by = clean(row["why"] or ""), clean(row["by"] or "")
    act, found, reason = why.partition(f" by {by}")
    if not (found and by.startswith("uid ")) or (reason and not reason.startswith(": ")):
        return why
    name = by.partition("(")[2].partition(")")[0] or by.partition(" pid ")[0]
    return f"{reason[2:]} ({act} by {name})" if reason else f"{act} by {name}"


def summary_text(row: Row) -> str:
    """Return the most useful fact of a run: its progress, its error with its parameters, or its
    parameters."""
    fact = _fact(row)
    # The text of a command may be a part of what went wrong: `command not found: x`.
    if row["state"] == "running" or not fact or row["text"] in (row["why"] or ""):
        return fact or clean(row["text"])
    return f"{fact} ({clean(row['text'])})"


def _fact(row: Row) -> str:
    """Return the progress or the error of a run; empty: it has none."""
    if row["state"] == "running":
        return shorten(clean(progress_text(row)))
    if row["state"] not in ("queued", "succeeded") and row["why"]:
        return shorten(why_text(row))
    return ""


def elapsed_text(row: Row, now: float) -> str:
    """Return how long a run took or has run, or when a queued one is due."""
    if row["state"] == "queued":
        due = row["due_at"]
        return f"in {short_duration(due - now)}" if due is not None and due > now else "-"
    if row["started_at"] is None:
        return "-"
    return format_duration(max((row["ended_at"] or now) - row["started_at"], 0.0))


def print_rows(context: CommandContext, rows: Sequence[Row], wide: bool) -> None:
    """Print the table of `ls`: short ids on a terminal, whole ones where a program may read."""
    now = time()
    if wide:
        context.screen.print_table(WIDE_HEADS, [_wide_cells(row, now) for row in rows])
        return
    last = -SHORT_ID if context.screen.is_terminal else 0
    cells = [
        (row["id"][last:], clean(row["task"]), shown_state(row["state"], row["by"]), row["queue"],
         ago(row["submitted_at"], now), elapsed_text(row, now), _labelled(row))
        for row in rows
    ]  # fmt: skip
    context.screen.print_table(HEADS, cells, drop="QUEUE AGE")


def _labelled(row: Row) -> str:
    """Return the summary with the labels before it: `[blue] a=1`."""
    labels = clean(", ".join(row["labels"]))
    return f"[{labels}] {summary_text(row)}".rstrip() if labels else summary_text(row)


def time_text(at: float | None) -> str:
    """Return date and time in the zone of this host, or `-`."""
    return "-" if at is None else format_time(at)


def time_text_in(zone: str, at: float) -> str:
    """Return date and time in a zone, with its abbreviation: `2026-03-06 08:00:00 EET`.

    Args:
        zone: a name as the daemon gives it; an unknown one stands for the zone of this host.
    """
    from rtd.common.local_timezone import load_zone  # lazy: most commands show no such times

    try:
        tz = load_zone(zone)
    except ValueError:
        tz = None
    return format_time(at, tz)


def _wide_cells(row: Row, now: float) -> tuple[str, ...]:
    return (
        row["id"],
        clean(row["task"]),
        shown_state(row["state"], row["by"]),
        row["queue"],
        row["lane"],
        str(row["priority"]),
        f"{row['attempt']}/{row['attempts']}",
        time_text(row["submitted_at"]),
        time_text(row["started_at"]),
        elapsed_text(row, now),
        format_duration(row["cpu_s"]) if row["cpu_s"] else "-",
        format_bytes(row["peak_bytes"]) if row["peak_bytes"] else "-",
        str(row["pid"] or "-"),
        row["by"] or "-",
        clean(",".join(row["labels"])) or "-",
        clean(row["text"]) or "-",
        _fact(row) or "-",
    )


def tally_text(counts: Mapping[str, int]) -> str:
    """Return how many runs are in each state, as people read it: `3 succeeded, 2 failed`."""
    shown: dict[str, int] = {}
    for state, count in counts.items():
        name = shown_state(state)
        shown[name] = shown.get(name, 0) + count
    return ", ".join(f"{count:,} {name}" for name, count in shown.items() if count)
