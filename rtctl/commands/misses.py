"""`rtctl misses`: due moments at which a task did not just start in time."""

from __future__ import annotations

from rtctl.cli.flags import Flag
from rtctl.cli.parse_time import parse_span
from rtctl.cli.run_rows import time_text_in
from rtctl.cli.screen import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "misses [TASK] [--since TIME] [--until TIME] [--limit COUNT]"
FLAGS = (
    Flag("--since", "only those due since then (`2h`, `08:00`, a date)", "text", "TIME"),
    Flag("--until", "only those due before then", "text", "TIME"),
    Flag("--limit", "the most rows (default 100; -q, JSON in a pipe: all)", "int", "COUNT"),
)
MORE = """Lists scheduled starts that were late, skipped (the task was held until its condition
was false again), missed (no daemon was running), or coalesced (one run for several
starts). DUE is in the time zone of each task; --since is in that of this host.
--since 22:00 is the last 22:00; --until 06:00 is the first 06:00 after it, or without
--since today's."""
#: The daemon keeps no more.
ALL = 10_000


def run(context: CommandContext) -> int:
    """Print the due moments."""
    targets = context.targets(0, 1, "TASK")
    args = context.args
    since, until = parse_span(context.verb, args.since, args.until)
    limit = context.list_limit(100)
    answer = context.rpc.misses(
        task=targets[0] if targets else None,
        since=since,
        until=until,
        limit=ALL if args.limit is None else args.limit,
    )
    answer["misses"] = context.cut(answer["misses"], limit)
    if context.is_json:
        context.print_json(answer, rows="misses")
    elif context.quiet:
        for miss in answer["misses"]:
            context.screen.print_out(miss["task"])
    else:
        rows = [
            (time_text_in(m["timezone"], m["due_at"]), m["verdict"], clean(m["task"]),
             m["run"] or "-", clean(m["reason"]))
            for m in answer["misses"]
        ]  # fmt: skip
        heads = ("DUE", "VERDICT", "TASK", "RUN", "WHY")
        context.screen.print_table(heads, rows, drop="RUN", wrap=True)
    return 0
