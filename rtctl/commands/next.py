"""`rtctl next`: when tasks start next."""

from __future__ import annotations

from rtctl.cli.flags import Flag
from rtctl.cli.run_rows import time_text_in
from rtctl.cli.screen import ago, clean
from rtd.common.format_units import format_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import NextResult

USAGE = "next [TASK] [-n COUNT]"
FLAGS = (Flag("-n/--count", "how many starts (default 10)", "int", "COUNT"),)
MORE = """Lists the next starts, as if each run ended at once, in the time zone of each task. The
last lines count the tasks that are not listed: those that wait for an event (`rtctl why
TASK` says for which), and those that may not overlap and whose run is queued, waits for
a retry, or runs past the next start."""


def run(context: CommandContext) -> int:
    """Print the coming starts."""
    targets = context.targets(0, 1, "TASK")
    count = 10 if context.args.count is None else context.args.count
    answer = context.rpc.next(task=targets[0] if targets else None, n=count)
    if context.is_json:
        context.print_json(answer, rows="starts")
    elif context.quiet:
        for start in answer["starts"]:
            context.screen.print_out(start["task"])
    else:
        rows = [
            (time_text_in(s["timezone"], s["at"]), ago(s["at"]), clean(s["task"]))
            for s in answer["starts"]
        ]
        context.screen.print_table(("AT", "IN", "TASK"), rows)
        _say_rest(context, answer, clean(targets[0]) if targets and not rows else "")
    return 0


def _say_rest(context: CommandContext, answer: NextResult, alone: str) -> None:
    """Print what the table leaves out. `alone`: the one requested task, if it has no rows."""
    behind = answer["behind"]
    if alone:
        held = "a run of its own must end first" if behind else "time alone does not start it"
        context.screen.print_err(f"rtctl: {held}; `rtctl why {alone}` says why")
        return
    if answer["waiting"]:
        more = format_count(answer["waiting"], "more task waits", "more tasks wait")
        context.screen.print_err(f"rtctl: {more} for an event, such as the end of another task")
    if behind:
        names = clean(", ".join(behind[:3])) + (", ..." if len(behind) > 3 else "")
        more = format_count(len(behind), "more task waits", "more tasks wait")
        context.screen.print_err(f"rtctl: {more} until its own run has ended: {names}")
