"""`rtctl tasklog`: what the app's task log holds: each run and how it ended."""

from __future__ import annotations

from rtctl.cli.flags import Flag
from rtctl.cli.run_rows import time_text
from rtctl.cli.screen import clean
from rtd.common.units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import TaskLogResult

    Span = tuple[float | None, float | None]

USAGE = "tasklog [TASK] [--action ACTION] [--since TIME] [--until TIME] [-n COUNT]"
FLAGS = (
    Flag("--action", "only this action: run, success, fail, terminate, inaction", "text", "ACTION"),
    Flag("--since", "only entries since then (`2h`, `08:00`, a date)", "text", "TIME"),
    Flag("--until", "only entries before then", "text", "TIME"),
    Flag("-n/--limit", "the most rows (default 100; -q, JSON in a pipe: all)", "int", "COUNT"),
)
MORE = """Prints the entries of the app's task log, the latest first, if its scheme is log_csv,
log_memory, log_simple or log_redis. `rtctl logs` prints the output of runs.
--since 22:00 is the last 22:00; --until 06:00 is the first 06:00 after it, or without
--since today's."""
#: The daemon gives at most so many entries in one answer.
PAGE_MAX = 10_000


def run(context: CommandContext) -> int:
    """Print the entries of the task log."""
    targets = context.targets(0, 1, "TASK")
    args = context.args
    span: Span = (None, None)
    if args.since is not None or args.until is not None:
        from rtctl.cli.parse_time import parse_span  # lazy: it needs datetime and re

        span = parse_span(context.verb, args.since, args.until)
    limit = context.list_limit(100)
    wanted = 101 if limit is not None and args.limit is None else limit
    task = targets[0] if targets else None
    answer = _read(context, task, span, wanted)
    answer["rows"] = context.cut(answer["rows"], limit)
    if task is not None and not answer["rows"]:
        context.rpc.tasks(task=task)  # reports a mistyped name; a task that is gone may have rows
    if context.is_json:
        context.print_json(answer, rows="rows")
    elif context.quiet:
        for row in answer["rows"]:
            context.screen.print_out(row["run_id"])
    else:
        _print_table(context, answer["rows"])
    return 0


def _print_table(context: CommandContext, rows: Sequence[Any]) -> None:
    table = []
    for row in rows:
        start_at, end_at = row["start_at"], row["end_at"]
        at = start_at if row["action"] == "run" else end_at
        took = "" if start_at is None or end_at is None else format_duration(end_at - start_at)
        text = clean(row["reason"] or (row["exc_text"] or "").rpartition("\n")[2])
        name = clean(row["task_name"])
        table.append((time_text(at or 0.0), name, row["action"], took, row["run_id"], text))
    context.screen.print_table(("AT", "TASK", "ACTION", "RUNTIME", "RUN", "WHY"), table, drop="RUN")


def _read(
    context: CommandContext, task: str | None, span: Span, limit: int | None
) -> TaskLogResult:
    """Return the entries, of several requests where one answer cannot hold all."""
    action = context.args.action
    rows: dict[tuple[object, ...], Any] = {}
    skip = 0
    while True:
        answer = context.rpc.task_log(
            task=task, action=action, since=span[0], until=span[1],
            limit=PAGE_MAX if limit is None else limit, skip=skip,
        )  # fmt: skip
        if answer["file"] is not None:
            return _of_file(answer["file"], task, action, span, limit)
        # Entries that came in between moved the others on, so that answers may overlap.
        rows.update({tuple(row.values()): row for row in answer["rows"]})
        skip += PAGE_MAX
        if limit is not None or len(answer["rows"]) < PAGE_MAX:
            answer["rows"] = list(rows.values())
            return answer


def _of_file(
    file: str, task: str | None, action: str | None, span: Span, limit: int | None
) -> TaskLogResult:
    """Read the same from a log in a file, which is on this host, as the daemon is."""
    from collections import deque  # lazy: only for a log in a file
    from pathlib import Path  # lazy: as above

    from rtd.model.csv_task_log import read_csv  # lazy: as above

    since, until = span
    wanted = (
        row
        for row in read_csv(Path(file))
        if task in (None, row.task_name)
        and action in (None, row.action)
        and (since is None or row.created >= since)
        and (until is None or row.created <= until)
    )
    latest = deque(wanted, maxlen=limit)
    return {"rows": [row._asdict() for row in reversed(latest)], "file": file}
